/** What the policies of the two engines, SGLang and vLLM, have in common. */
import type { Clock } from "../core/clock.ts";
import { systemClock } from "../core/clock.ts";
import { PolicyError } from "../core/errors.ts";
import type { Generation, GenerateRequest, Sampling, ScoreRequest } from "../core/policy.ts";
import { createRandom, type Random } from "../core/random.ts";
import { createEndpointClient, type EndpointClient, type EndpointClientOptions } from "../openai/endpoint-client.ts";
import { normalizeBaseUrl } from "../openai/endpoint.ts";
import { areOfSampled, type ReportedLogprobs } from "./reported-logprobs.ts";

export interface EnginePolicyOptions extends Omit<EndpointClientOptions, "ErrorClass" | "clock" | "random"> {
  /** The server's root, with or without `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  readonly clock?: Clock | undefined;
  /** Draws the jitter of retries only. */
  readonly random?: Random | undefined;
}

/** Over the server's root: the engines' own paths lie beside `/v1`. */
export function createEngineClient(options: EnginePolicyOptions): EndpointClient {
  return createEndpointClient({
    ...options,
    baseUrl: normalizeBaseUrl(options.baseUrl).replace(/\/v1$/, ""),
    clock: options.clock ?? systemClock,
    random: options.random ?? createRandom(`${options.baseUrl}#${options.model}`),
    ErrorClass: PolicyError,
  });
}

/** The completion of a prompt of tokens, whose text is its message: no parser of the server looked at it. */
export function tokenGeneration(
  parts: Omit<Generation, "message" | "rawText"> & { readonly text: string },
  onDelta: GenerateRequest["onDelta"],
): Generation {
  const { text, ...rest } = parts;
  onDelta?.(text);
  return { ...rest, message: { role: "assistant", content: text }, rawText: text };
}

const maxProbes = 16;

/**
 * Finds out what a server's log-probabilities are of, the first time that it matters: at temperature 1 with nothing cut
 * all of them are the same.
 * @param best what the server may report at most, beside `raw`
 * @param probe null when its answer does not tell
 */
export function createLogprobCheck(
  best: ReportedLogprobs,
  probe: (promptTokenIds: readonly number[], signal: AbortSignal) => Promise<ReportedLogprobs | null>,
) {
  let reported: Promise<ReportedLogprobs | null> | null = null;
  let asked = 0;
  const ask = async (...about: Parameters<typeof probe>): Promise<ReportedLogprobs | null> => {
    const answer = await probe(...about).catch(() => null);
    // This sample goes without, and the next one's prompt may tell more; but no server is asked for ever.
    if (answer === null && ++asked < maxProbes) reported = null;
    return answer;
  };
  return async (generation: Generation, sampling: Sampling, signal: AbortSignal): Promise<Generation> => {
    const { logprobs, promptTokenIds } = generation;
    if (logprobs === null || areOfSampled("raw", sampling)) return generation;
    const without = { ...generation, logprobs: null };
    if (sampling.temperature === 0 || !areOfSampled(best, sampling) || promptTokenIds === null) return without;
    reported ??= ask(promptTokenIds, signal);
    const known = await reported;
    return known !== null && areOfSampled(known, sampling) ? generation : without;
  };
}

/** @throws PolicyError ERR_POLICY_REQUEST when there is nothing to score, or support that does not fit it. */
export function checkScoreRequest({ promptTokenIds, tokenIds, supportIds }: ScoreRequest): void {
  const refuse = (message: string): never => {
    throw new PolicyError(message, { code: "ERR_POLICY_REQUEST" });
  };
  if (promptTokenIds.length === 0) refuse("a score needs a prompt of one token at least");
  if (tokenIds.length === 0) refuse("there are no tokens to score");
  if (supportIds !== undefined && supportIds.length !== tokenIds.length)
    refuse(`supportIds has ${supportIds.length} positions, the tokens to score ${tokenIds.length}`);
}

/** What a server said of given tokens is of no use: nobody trains on a part of it. */
export const scoreFailure = (baseUrl: string, problem: string): PolicyError =>
  new PolicyError(`${baseUrl}: no usable scores: ${problem}`, { code: "ERR_POLICY_SCORES" });
