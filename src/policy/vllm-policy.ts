/**
 * A policy behind a vLLM server: prompts of tokens go to `/v1/completions`, messages to the chat endpoint, both with the
 * token fields of vLLM. What it reports of a sampled token is the model's own distribution, or with
 * `--logprobs-mode processed_logprobs` the one after temperature, top-p and top-k: see `probeVllm`. Log-probabilities of
 * given tokens are always the model's own.
 *
 * New weights come as LoRA adapters (a server with `--enable-lora` and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True): each
 * version is a model of its own to the server, so a request has the version that it was sent with, to its last token.
 */
import type { Generation, GenerateRequest, Scores, UpdatablePolicy, VersionSpan } from "../core/policy.ts";
import type { JsonObject } from "../core/json.ts";
import { PolicyError } from "../core/errors.ts";
import { chatOver } from "../openai/client.ts";
import type { EndpointClient } from "../openai/endpoint-client.ts";
import { wholeBody } from "../openai/exchange.ts";
import { ChatFailure } from "../openai/failure.ts";
import { alignTokens, isLogprob, mapFinishReason } from "../openai/reply.ts";
import { createAsker, toGeneration } from "./chat-generation.ts";
import { checkScoreRequest, createEngineClient, createLogprobCheck, tokenGeneration } from "./engine.ts";
import type { EnginePolicyOptions } from "./engine.ts";
import type { ReportedLogprobs } from "./reported-logprobs.ts";
import { scoresOfVllm } from "./vllm-scores.ts";
import { readVllmReply, toVllmSampling, type VllmChoice, type VllmReply } from "./vllm-wire.ts";

/** @throws ConfigError when the base URL or the key's variable is wrong. */
export function vllmPolicy(options: EnginePolicyOptions): UpdatablePolicy & Required<Pick<UpdatablePolicy, "score">> {
  const endpoint = createEngineClient(options);
  const checkLogprobs = createLogprobCheck("sampled", (promptTokenIds, signal) =>
    probeVllm(endpoint, options.model, promptTokenIds, signal),
  );
  let served = serve(endpoint, options.model, null);

  return {
    id: `vllm:${endpoint.baseUrl}#${options.model}`,
    version: () => served.version ?? 0,
    async generate(request) {
      const generation = await served.generate(request);
      return checkLogprobs(generation, request.sampling, request.signal);
    },
    async score(request): Promise<Scores> {
      checkScoreRequest(request);
      const { promptTokenIds, tokenIds, topK, supportIds, signal } = request;
      if (supportIds !== undefined)
        throw new PolicyError("vLLM scores no chosen tokens of a prompt (supportIds); ask for its topK", {
          code: "ERR_POLICY_REQUEST",
        });
      const { model, version } = served;
      const body = {
        model,
        prompt: [...promptTokenIds, ...tokenIds],
        max_tokens: 1,
        prompt_logprobs: topK ?? 0,
      };
      const { choice } = await completeTokens(endpoint, body, signal);
      return { ...scoresOfVllm(choice, request, endpoint.baseUrl), version };
    },
    async publish(path, version) {
      const name = `${options.model}@${version}`;
      await sendAdapter(endpoint, "/v1/load_lora_adapter", { lora_name: name, lora_path: path });
      const retired = served;
      served = serve(endpoint, name, version);
      if (retired.version !== null)
        // What runs on the old adapter ends first. One that cannot be unloaded only takes up room on the server.
        void retired
          .idle()
          .then(() => sendAdapter(endpoint, "/v1/unload_lora_adapter", { lora_name: retired.model }))
          .catch(() => undefined);
    },
    async close() {
      endpoint.close();
    },
    async [Symbol.asyncDispose]() {
      endpoint.close();
    },
  };
}

/** One model of the server: the base model (version null: unknown), or an adapter. */
function serve(endpoint: EndpointClient, model: string, version: number | null) {
  const complete = createAsker(chatOver(endpoint, { model }, "/v1/chat/completions"), [
    { logprobs: true, tokenIds: "vllm" },
    { logprobs: true, tokenIds: false },
    { logprobs: false, tokenIds: false },
  ]);
  let running = 0;
  const waiting: (() => void)[] = [];
  const spans = (tokens: number): VersionSpan[] => (version === null ? [] : [{ version, from: 0, to: tokens }]);

  async function chat(request: GenerateRequest): Promise<Generation> {
    const generation = toGeneration(await complete(request), true);
    return { ...generation, versionSpans: spans(generation.usage.completionTokens) };
  }

  async function continueTokens(promptTokenIds: readonly number[], request: GenerateRequest): Promise<Generation> {
    const { sampling, signal, onDelta } = request;
    const body = {
      model,
      prompt: [...promptTokenIds],
      ...toVllmSampling(sampling),
      logprobs: 1,
      return_token_ids: true,
    };
    const { choice, usage } = await completeTokens(endpoint, body, signal);
    const logprobs = choice.logprobs?.token_logprobs?.map((logprob) => logprob ?? Number.NaN) ?? [];
    const tokens = alignTokens(choice.token_ids ?? null, logprobs);
    const completionTokens = usage?.completion_tokens ?? tokens.tokenIds?.length ?? logprobs.length;
    return tokenGeneration(
      {
        text: choice.text,
        promptTokenIds,
        ...tokens,
        versionSpans: spans(completionTokens),
        finishReason: mapFinishReason(choice.finish_reason!, false),
        usage: { promptTokens: usage?.prompt_tokens ?? promptTokenIds.length, completionTokens },
      },
      onDelta,
    );
  }

  return {
    model,
    version,
    async generate(request: GenerateRequest): Promise<Generation> {
      const { promptTokenIds } = request;
      running++;
      try {
        return await (promptTokenIds === undefined ? chat(request) : continueTokens(promptTokenIds, request));
      } finally {
        if (--running === 0) for (const resolve of waiting.splice(0)) resolve();
      }
    },
    /** Resolves when nothing runs. */
    idle: () =>
      new Promise<void>((resolve) => {
        if (running === 0) resolve();
        else waiting.push(resolve);
      }),
  };
}

async function completeTokens(
  endpoint: EndpointClient,
  body: JsonObject,
  signal: AbortSignal,
): Promise<{ readonly choice: VllmChoice; readonly usage: VllmReply["usage"] }> {
  const read = (json: unknown) => {
    const { choices, usage } = readVllmReply(json);
    const choice = choices[0]!;
    if (!choice.finish_reason) throw new ChatFailure("ERR_ENDPOINT_BROKEN", "the reply ended before its finish_reason");
    if (choice.finish_reason === "abort")
      throw new ChatFailure("ERR_ENDPOINT_BROKEN", "the server gave the request up (abort)");
    return { choice, usage };
  };
  return endpoint.send({ path: "/v1/completions", body, stream: false, read: () => wholeBody(read) }, { signal });
}

/** The answer is a line of text; its status says whether it went well. */
async function sendAdapter(endpoint: EndpointClient, path: string, body: JsonObject): Promise<void> {
  const read = () => ({ plain: true as const, add: () => undefined, finish: () => undefined });
  await endpoint.send({ path, body, stream: false, urgent: true, read }, { signal: new AbortController().signal });
}

/** With top-k 1 the second-best token has no probability after the cut, and the one that it has before it. */
async function probeVllm(
  endpoint: EndpointClient,
  model: string,
  promptTokenIds: readonly number[],
  signal: AbortSignal,
): Promise<ReportedLogprobs | null> {
  const body = { model, prompt: [...promptTokenIds], max_tokens: 1, temperature: 1, top_k: 1, logprobs: 2 };
  const { choice } = await completeTokens(endpoint, body, signal);
  const best = Object.values(choice.logprobs?.top_logprobs?.[0] ?? {}).sort((a, b) => b - a);
  const [first, second] = best;
  if (first === undefined || second === undefined || !isLogprob(first)) return null;
  return isLogprob(second) ? "raw" : "sampled";
}
