/**
 * The chat protocol over a local model that reads tokens: messages by the model's own chat template, tool calls read out
 * of what it wrote, as the llama.cpp driver does.
 */
import { PolicyError } from "../core/errors.ts";
import type { Generation, GenerateRequest, Policy } from "../core/policy.ts";
import { textBeforeStop } from "../core/stop-strings.ts";
import { assistantMessage } from "../llama/tool-calls.ts";
import type { ChatTokenizer } from "../rl/tokenizer/huggingface-tokenizer.ts";

export interface ChatReading {
  readonly tokenizer: ChatTokenizer;
  /** Most tokens of prompt and completion together. */
  readonly maxContext: number;
}

/** Closing it closes `policy`. */
export function chatPolicy(policy: Policy, { tokenizer, maxContext }: ChatReading): Policy {
  const render = ({ messages, tools = [], toolChoice }: GenerateRequest): number[] => {
    if (messages === undefined)
      throw new PolicyError("a chat policy reads messages, not promptTokenIds", { code: "ERR_POLICY_REQUEST" });
    const ids = tokenizer.applyChatTemplate(messages, { tools: toolChoice === "none" ? [] : tools });
    if (ids.length >= maxContext)
      throw new PolicyError(`the messages are ${ids.length} tokens; the model reads ${maxContext} in all`, {
        code: "ERR_CONTEXT_OVERFLOW",
      });
    return ids;
  };
  return {
    id: policy.id,
    version: () => policy.version(),
    async generate(request): Promise<Generation> {
      const { tools = [], sampling, signal, onDelta } = request;
      const generation = await policy.generate({ promptTokenIds: render(request), sampling, signal });
      const rawText = textOf(generation, tokenizer, sampling.stop);
      onDelta?.(rawText);
      const message = assistantMessage(rawText, tools);
      const finishReason = message.toolCalls === undefined ? generation.finishReason : "tool_calls";
      return { ...generation, message, rawText, finishReason };
    },
    close: () => policy.close(),
    [Symbol.asyncDispose]: () => policy.close(),
  };
}

/** Without what ended it: neither a token nor a stop string is the model's message. */
function textOf({ tokenIds }: Generation, tokenizer: ChatTokenizer, stop: readonly string[] | undefined): string {
  const ids = tokenIds!;
  const ended = tokenizer.eosIds.includes(ids.at(-1)!);
  return textBeforeStop(tokenizer.decode(ended ? ids.slice(0, -1) : ids), stop);
}
