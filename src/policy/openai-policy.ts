/**
 * A policy behind an OpenAI-compatible endpoint.
 *
 * It keeps what the server gives and invents nothing: token ids and log-probabilities that are absent, inconsistent,
 * or not those of the sampled distribution are null, and the trainer refuses such samples.
 */
import type { Clock } from "../core/clock.ts";
import { systemClock } from "../core/clock.ts";
import { PolicyError } from "../core/errors.ts";
import type { Policy } from "../core/policy.ts";
import { createRandom, type Random } from "../core/random.ts";
import { createChatClient, type ChatClientOptions } from "../openai/client.ts";
import { normalizeBaseUrl } from "../openai/endpoint.ts";
import { createAsker, toGeneration } from "./chat-generation.ts";
import { areOfSampled, type ReportedLogprobs } from "./reported-logprobs.ts";

export interface OpenAiPolicyOptions extends Omit<ChatClientOptions, "ErrorClass" | "clock" | "random"> {
  /** Default raw. */
  readonly reportedLogprobs?: ReportedLogprobs | undefined;
  readonly clock?: Clock | undefined;
  /** Draws the jitter of retries only. */
  readonly random?: Random | undefined;
}

/** @throws ConfigError when the base URL or the key's variable is wrong. */
export function openaiPolicy(options: OpenAiPolicyOptions): Policy {
  const client = createChatClient({
    ...options,
    clock: options.clock ?? systemClock,
    random: options.random ?? createRandom(`${options.baseUrl}#${options.model}`),
    ErrorClass: PolicyError,
  });
  const reported = options.reportedLogprobs ?? "raw";
  const complete = createAsker(
    (request, call) => client.complete(request, call),
    [
      { logprobs: true, tokenIds: "vllm" },
      { logprobs: true, tokenIds: false },
      { logprobs: false, tokenIds: false },
    ],
  );
  let version = 0;

  return {
    id: `openai:${normalizeBaseUrl(options.baseUrl)}#${options.model}`,
    version: () => version,
    async generate(request) {
      const reply = await complete(request);
      version = reply.versionSpans.at(-1)?.version ?? version;
      return toGeneration(reply, areOfSampled(reported, request.sampling));
    },
    async close() {
      client.close();
    },
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}
