/**
 * A policy behind an OpenAI-compatible endpoint.
 *
 * It keeps what the server gives and invents nothing: token ids and log-probabilities that are absent, inconsistent,
 * or not those of the sampled distribution are null, and the trainer refuses such samples.
 */
import type { Clock } from "../core/clock.ts";
import { systemClock } from "../core/clock.ts";
import { PolicyError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import type { Generation, GenerateRequest, Policy, Sampling } from "../core/policy.ts";
import { createRandom, type Random } from "../core/random.ts";
import { createChatClient, type ChatClient, type ChatClientOptions } from "../openai/client.ts";
import { normalizeBaseUrl } from "../openai/endpoint.ts";
import type { ChatReply } from "../openai/reply.ts";
import type { ChatRequest } from "../openai/request.ts";

export interface OpenAiPolicyOptions extends Omit<ChatClientOptions, "ErrorClass" | "clock" | "random"> {
  /**
   * What the server's log-probabilities are of: `raw`, the model's own distribution (vLLM's default), which is the
   * sampled one only at temperature 1 without top-p and top-k, so elsewhere they are dropped; or `sampled`, after
   * those settings. Default raw.
   */
  readonly reportedLogprobs?: "raw" | "sampled" | undefined;
  readonly clock?: Clock | undefined;
  /** Draws the jitter of retries only. */
  readonly random?: Random | undefined;
}

/** What to ask for beside the text: servers that refuse the first are asked for the next. */
const asks = [
  { logprobs: true, tokenIds: true },
  { logprobs: true, tokenIds: false },
  { logprobs: false, tokenIds: false },
] as const;

/** @throws ConfigError when the base URL or the key's variable is wrong. */
export function openaiPolicy(options: OpenAiPolicyOptions): Policy {
  const client = createChatClient({
    ...options,
    clock: options.clock ?? systemClock,
    random: options.random ?? createRandom(`${options.baseUrl}#${options.model}`),
    ErrorClass: PolicyError,
  });
  const reported = options.reportedLogprobs ?? "raw";
  const complete = createAsker(client);
  let version = 0;

  return {
    id: `openai:${normalizeBaseUrl(options.baseUrl)}#${options.model}`,
    version: () => version,
    async generate(request) {
      const reply = await complete(request);
      version = reply.versionSpans.at(-1)?.version ?? version;
      return toGeneration(reply, reported === "sampled" || samplesRawDistribution(request.sampling));
    },
    async close() {
      client.close();
    },
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}

/** Finds out once how much the server can be asked for, then keeps to it. */
function createAsker(client: ChatClient): (request: GenerateRequest) => Promise<ChatReply> {
  let rung = 0;
  let settled = false;
  return async (request) => {
    const { signal, onDelta } = request;
    const base = toChatRequest(request);
    let refusal: unknown = null;
    for (let candidate = rung; ;) {
      try {
        const reply = await client.complete({ ...base, ...asks[candidate]! }, { signal, onText: onDelta });
        if (!settled) rung = candidate;
        settled = true;
        return reply;
      } catch (error) {
        if (!(error instanceof PolicyError) || error.code !== "ERR_ENDPOINT_REJECTED") throw error;
        refusal ??= error;
        // A request that ran beside this one may have settled it meanwhile.
        const next = settled ? rung : candidate + 1;
        if (next <= candidate || next >= asks.length) throw refusal;
        candidate = next;
      }
    }
  };
}

function toChatRequest(request: GenerateRequest): Omit<ChatRequest, "logprobs" | "tokenIds"> {
  const { messages, tools, toolChoice, sampling, onDelta } = request;
  if (messages === undefined)
    throw new PolicyError("an OpenAI-compatible endpoint takes messages, not token ids", {
      code: "ERR_POLICY_REQUEST",
    });
  return {
    messages,
    sampling,
    stream: onDelta !== undefined,
    ...(tools === undefined ? {} : { tools }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
  };
}

const samplesRawDistribution = ({ temperature, topP, topK }: Sampling): boolean =>
  temperature === 1 && (topP === undefined || topP === 1) && (topK === undefined || topK <= 0);

function toGeneration(reply: ChatReply, logprobsAreSampled: boolean): Generation {
  const { content, reasoning, toolCalls } = reply;
  const message: Extract<Message, { role: "assistant" }> =
    toolCalls.length > 0 ? { role: "assistant", content, toolCalls } : { role: "assistant", content };
  return {
    message,
    // What the model wrote as far as the protocol tells: the reasoning first, then the content.
    rawText: [reasoning, content ?? ""].filter((text) => text !== "").join("\n\n"),
    promptTokenIds: reply.promptTokenIds,
    tokenIds: reply.tokenIds,
    logprobs: logprobsAreSampled ? reply.logprobs : null,
    versionSpans: reply.versionSpans,
    finishReason: reply.finishReason,
    usage: reply.usage,
  };
}
