import { describe, expect, it } from "vitest";
import { chatPolicy } from "../../src/app/chat-policy.ts";
import type { Generation, GenerateRequest, Policy } from "../../src/core/policy.ts";
import { createHuggingFaceTokenizer } from "../../src/rl/tokenizer/huggingface-tokenizer.ts";
import { tinyBpe } from "../rl/tokenizer/tiny-bpe.ts";

const tokenizer = createHuggingFaceTokenizer(tinyBpe());
const end = tokenizer.special("<|im_end|>");
const otherEnd = tokenizer.special("<|endoftext|>");
const tool = { name: "act", description: "Act.", parameters: {} };
const messages = [{ role: "user", content: "hi" }] as const;
const { signal } = new AbortController();

/** Writes these tokens, and remembers what it was asked. */
function saying(tokenIds: readonly number[]) {
  const asked: GenerateRequest[] = [];
  const close = async () => undefined;
  const policy: Policy = {
    id: "local:somewhere",
    version: () => 7,
    async generate(request): Promise<Generation> {
      asked.push(request);
      return {
        message: { role: "assistant", content: null },
        rawText: "",
        promptTokenIds: request.promptTokenIds!,
        tokenIds,
        logprobs: tokenIds.map(() => -1),
        versionSpans: [{ version: 7, from: 0, to: tokenIds.length }],
        finishReason: "stop",
        usage: { promptTokens: request.promptTokenIds!.length, completionTokens: tokenIds.length },
      };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return { asked, chat: chatPolicy(policy, { tokenizer, maxContext: 256 }) };
}

const ask = (overrides: Partial<GenerateRequest> = {}): GenerateRequest => ({
  messages,
  sampling: { temperature: 1, maxTokens: 8 },
  signal,
  ...overrides,
});

describe("a chat policy over a model that reads tokens", () => {
  it("asks in the model's own template, and keeps ids and log-probabilities as sampled", async () => {
    const tokenIds = [...tokenizer.encode("hello"), end];
    const { asked, chat } = saying(tokenIds);
    const deltas: string[] = [];
    const generation = await chat.generate(ask({ onDelta: (text) => deltas.push(text) }));
    expect(asked[0]!.promptTokenIds).toEqual(tokenizer.applyChatTemplate(messages));
    expect(generation).toMatchObject({
      message: { role: "assistant", content: "hello" },
      rawText: "hello",
      tokenIds,
      finishReason: "stop",
      versionSpans: [{ version: 7 }],
    });
    expect(generation.logprobs).toHaveLength(tokenIds.length);
    expect(deltas).toEqual(["hello"]);
  });

  it.each([
    ["any end token", [...tokenizer.encode("one; two"), otherEnd], undefined, "one; two"],
    ["a stop string", tokenizer.encode("one; two"), [";"], "one"],
    ["its length", tokenizer.encode("one; tw"), undefined, "one; tw"],
  ] as const)("leaves %s out of the text", async (_, tokenIds, stop, text) => {
    const { chat } = saying(tokenIds);
    const sampling = { temperature: 1, maxTokens: 9, ...(stop === undefined ? {} : { stop }) };
    expect((await chat.generate(ask({ sampling }))).message.content).toBe(text);
  });

  it("offers tools unless told not to, and reads calls where there are tools", async () => {
    const written = '<tool_call>{"name": "act", "arguments": {"x": 1}}</tool_call>';
    const { asked, chat } = saying([...tokenizer.encode(written), end]);
    expect(await chat.generate(ask({ tools: [tool] }))).toMatchObject({
      message: { content: null, toolCalls: [{ name: "act", arguments: '{"x":1}' }] },
      finishReason: "tool_calls",
    });
    expect(asked[0]!.promptTokenIds).toEqual(tokenizer.applyChatTemplate(messages, { tools: [tool] }));
    await chat.generate(ask({ tools: [tool], toolChoice: "none" }));
    expect(asked[1]!.promptTokenIds).toEqual(tokenizer.applyChatTemplate(messages));
    expect((await chat.generate(ask())).message).toEqual({ role: "assistant", content: written });
  });

  it.each<[string, Partial<GenerateRequest>, string]>([
    ["messages beyond the context", { messages: [{ role: "user", content: "x".repeat(300) }] }, "ERR_CONTEXT_OVERFLOW"],
    ["a prompt of tokens", { messages: undefined as never, promptTokenIds: [1] }, "ERR_POLICY_REQUEST"],
  ])("refuses %s", async (_, overrides, code) => {
    await expect(saying([]).chat.generate(ask(overrides))).rejects.toMatchObject({ code });
  });
});
