/**
 * A policy that is a GGUF model, in a llama.cpp process of this machine. Prompts of tokens, or messages through the
 * model's own chat template; with tools, what it wrote is read for tool calls.
 */
import type { Generation, GenerateRequest, Sampling, UpdatablePolicy } from "../core/policy.ts";
import { PolicyError } from "../core/errors.ts";
import { startLlama, type LlamaClient, type LlamaOptions } from "../llama/llama-client.ts";
import type { LlamaCompletion, LlamaPrompt } from "../llama/protocol.ts";
import { assistantMessage } from "../llama/tool-calls.ts";
import { checkScoreRequest } from "./engine.ts";
import { formatPolicySpec } from "./spec.ts";

export type LlamaPolicy = UpdatablePolicy &
  Required<Pick<UpdatablePolicy, "score">> &
  Pick<LlamaClient, "device" | "contextTokens">;

/** @throws ConfigError or PolicyError as `startLlama` does. */
export async function llamaPolicy(options: LlamaOptions): Promise<LlamaPolicy> {
  const client = await startLlama(options);
  let version = 0;
  return {
    id: formatPolicySpec({ ...options, kind: "llama" }),
    device: client.device,
    contextTokens: client.contextTokens,
    version: () => version,
    async generate(request) {
      const { sampling, signal, onDelta } = request;
      const completion = await client.generate({ prompt: promptOf(request), sampling }, signal);
      onDelta?.(completion.text);
      return toGeneration(completion, request);
    },
    async score(request) {
      checkScoreRequest(request);
      return client.score(request);
    },
    /** `path`: a GGUF file, of a model or of an adapter. */
    async publish(path, next) {
      await client.load(path, next);
      version = next;
    },
    close: () => client.close(),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function promptOf({ promptTokenIds, messages, tools = [], toolChoice }: GenerateRequest): LlamaPrompt {
  if (promptTokenIds !== undefined) return { tokenIds: promptTokenIds };
  if (messages === undefined)
    throw new PolicyError("a request needs messages or promptTokenIds", { code: "ERR_POLICY_REQUEST" });
  return { messages, tools: toolChoice === "none" ? [] : tools };
}

function toGeneration(completion: LlamaCompletion, { tools = [], sampling }: GenerateRequest): Generation {
  const { promptTokenIds, tokenIds, logprobs, text, finishReason, version } = completion;
  const message = assistantMessage(text, tools);
  return {
    message,
    rawText: text,
    promptTokenIds,
    tokenIds,
    // A probability below float32's least is none that a trainer could divide by.
    logprobs: cutsBeforeHeating(sampling) || !logprobs.every(Number.isFinite) ? null : logprobs,
    versionSpans: [{ version, from: 0, to: tokenIds.length }],
    finishReason: message.toolCalls === undefined ? finishReason : "tool_calls",
    usage: { promptTokens: promptTokenIds.length, completionTokens: tokenIds.length },
  };
}

/** llama.cpp's top-p keeps other tokens than the contract's here, which is applied after temperature: see engine.ts. */
const cutsBeforeHeating = ({ temperature, topP = 1 }: Sampling): boolean =>
  topP < 1 && temperature > 0 && temperature !== 1;
