/**
 * A policy behind an SGLang server: prompts of tokens go to its native `/generate`, messages to its chat endpoint, which
 * gives the same token fields on request (from 0.5.13). What it reports of a sampled token is the distribution after
 * temperature and before top-p and top-k, or with SGLANG_RETURN_ORIGINAL_LOGPROB=1 the one before temperature: see
 * `probeSglang`. Log-probabilities of given tokens are always those at temperature 1.
 */
import { PolicyError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Generation, GenerateRequest, ScoreRequest, Scores, UpdatablePolicy } from "../core/policy.ts";
import { chatOver } from "../openai/client.ts";
import type { EndpointClient } from "../openai/endpoint-client.ts";
import { wholeBody } from "../openai/exchange.ts";
import { ChatFailure, quoteUntrusted } from "../openai/failure.ts";
import { alignTokens, mapFinishReason, spansOf } from "../openai/reply.ts";
import { createAsker, toGeneration } from "./chat-generation.ts";
import { checkScoreRequest, createEngineClient, createLogprobCheck, tokenGeneration } from "./engine.ts";
import type { EnginePolicyOptions } from "./engine.ts";
import type { ReportedLogprobs } from "./reported-logprobs.ts";
import { scoresOfSglang } from "./sglang-scores.ts";
import { readSglangReply, readSglangUpdate, toSglangSampling, type SglangReply } from "./sglang-wire.ts";

/** @throws ConfigError when the base URL or the key's variable is wrong. */
export function sglangPolicy(options: EnginePolicyOptions): UpdatablePolicy & Required<Pick<UpdatablePolicy, "score">> {
  const endpoint = createEngineClient(options);
  const complete = createAsker(chatOver(endpoint, options, "/v1/chat/completions"), [
    { logprobs: true, tokenIds: "sglang" },
    { logprobs: true, tokenIds: false },
    { logprobs: false, tokenIds: false },
  ]);
  const checkLogprobs = createLogprobCheck("tempered", (promptTokenIds, signal) =>
    probeSglang(endpoint, promptTokenIds, signal),
  );
  let version = 0;

  async function chat(request: GenerateRequest): Promise<Generation> {
    // The token fields do not come in streams, so the text comes at once.
    const { onDelta, ...whole } = request;
    const generation = toGeneration(await complete(whole), true);
    onDelta?.(generation.message.content ?? "");
    return generation;
  }

  async function continueTokens(promptTokenIds: readonly number[], request: GenerateRequest): Promise<Generation> {
    const { sampling, signal, onDelta } = request;
    const body = {
      input_ids: [...promptTokenIds],
      sampling_params: toSglangSampling(sampling),
      return_logprob: true,
      logprob_start_len: -1,
    };
    const { text, output_ids: outputIds, meta_info: meta } = await generateNative(endpoint, body, signal);
    const pairs = meta.output_token_logprobs ?? null;
    const completionTokens = meta.completion_tokens ?? pairs?.length ?? outputIds?.length ?? 0;
    // Fewer or more of them than tokens were made: nobody knows which are missing.
    const whole = pairs !== null && pairs.length === completionTokens;
    const tokens = whole
      ? alignTokens(
          pairs.map(({ tokenId }) => tokenId),
          pairs.map(({ logprob }) => logprob ?? Number.NaN),
        )
      : { tokenIds: pairs === null ? (outputIds ?? null) : null, logprobs: null };
    const weights = meta.weight_version ?? null;
    return tokenGeneration(
      {
        text: text ?? "",
        promptTokenIds,
        ...tokens,
        versionSpans: spansOf([], weights === null ? null : String(weights), completionTokens),
        finishReason: mapFinishReason(meta.finish_reason!.type, false),
        usage: { promptTokens: meta.prompt_tokens ?? promptTokenIds.length, completionTokens },
      },
      onDelta,
    );
  }

  return {
    id: `sglang:${endpoint.baseUrl}#${options.model}`,
    version: () => version,
    async generate(request) {
      const { promptTokenIds, sampling, signal } = request;
      const generation = await (promptTokenIds === undefined ? chat(request) : continueTokens(promptTokenIds, request));
      version = generation.versionSpans.at(-1)?.version ?? version;
      return checkLogprobs(generation, sampling, signal);
    },
    async score(request): Promise<Scores> {
      checkScoreRequest(request);
      const reply = await generateNative(endpoint, toScoreBody(request), request.signal);
      return scoresOfSglang(reply, request, endpoint.baseUrl);
    },
    /** The server lets running requests end first, so each has one version. */
    async publish(path, next) {
      const { success, message } = await endpoint.send(
        {
          path: "/update_weights_from_disk",
          body: { model_path: path, weight_version: String(next) },
          stream: false,
          urgent: true,
          read: () => wholeBody(readSglangUpdate),
        },
        { signal: new AbortController().signal },
      );
      if (!success)
        throw new PolicyError(`${endpoint.baseUrl}: the weights were not taken: ${(message ?? "").slice(0, 300)}`, {
          code: "ERR_POLICY_WEIGHTS",
        });
      version = next;
    },
    async close() {
      endpoint.close();
    },
    async [Symbol.asyncDispose]() {
      endpoint.close();
    },
  };
}

/** Nothing is generated; the scores begin with the prompt's last token, whose own is null. */
function toScoreBody({ promptTokenIds, tokenIds, topK, supportIds }: ScoreRequest): JsonObject {
  return {
    input_ids: [...promptTokenIds, ...tokenIds],
    sampling_params: { max_new_tokens: 0, temperature: 1 },
    return_logprob: true,
    logprob_start_len: promptTokenIds.length - 1,
    ...(topK === undefined ? {} : { top_logprobs_num: topK }),
    // One list for all positions is what the protocol has.
    ...(supportIds === undefined ? {} : { token_ids_logprob: [...new Set(supportIds.flat())] }),
  };
}

async function generateNative(endpoint: EndpointClient, body: JsonObject, signal: AbortSignal): Promise<SglangReply> {
  const read = (json: unknown): SglangReply => {
    const reply = readSglangReply(json);
    const finish = reply.meta_info.finish_reason;
    if (!finish) throw new ChatFailure("ERR_ENDPOINT_BROKEN", "the reply ended before its finish_reason");
    if (finish.type === "abort") {
      const why = quoteUntrusted(finish.message ?? "abort", null);
      throw new ChatFailure("ERR_ENDPOINT_BROKEN", `the server gave the request up (${why})`);
    }
    return reply;
  };
  return endpoint.send({ path: "/generate", body, stream: false, read: () => wholeBody(read) }, { signal });
}

/**
 * How far apart the two best tokens are in log-probability, at two temperatures: the same distance before temperature,
 * and (1/t1) / (1/t2) times the distance after it.
 */
async function probeSglang(
  endpoint: EndpointClient,
  promptTokenIds: readonly number[],
  signal: AbortSignal,
): Promise<ReportedLogprobs | null> {
  const gapAt = async (temperature: number): Promise<number> => {
    const body = {
      input_ids: [...promptTokenIds],
      sampling_params: { temperature, max_new_tokens: 1 },
      return_logprob: true,
      logprob_start_len: -1,
      top_logprobs_num: 2,
    };
    const { meta_info: meta } = await generateNative(endpoint, body, signal);
    const [first, second] = meta.output_top_logprobs?.[0] ?? [];
    return (first?.logprob ?? Number.NaN) - (second?.logprob ?? Number.NaN);
  };
  const [cold, warm] = [await gapAt(0.5), await gapAt(2)];
  // Nearer than this, the noise of the kernels decides.
  if (!(warm > 0.02)) return null;
  const ratio = cold / warm;
  if (ratio > 3 && ratio < 5) return "tempered";
  return ratio > 0.75 && ratio < 1.33 ? "raw" : null;
}
