import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerateRequest } from "../../src/core/policy.ts";
import { llamaPolicy } from "../../src/policy/llama-policy.ts";
import { randomTensors, saying, textTokens, tokens, toolCallText, writeTinyLlama } from "../support/gguf/tiny-llama.ts";

let directory: string;
const at = (name: string): string => join(directory, name);
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-llama-"));
  await writeTinyLlama(at("random.gguf"), randomTensors(3));
  await writeTinyLlama(at("tools.gguf"), saying(tokens.toolCall));
  await writeTinyLlama(at("endless.gguf"), saying(tokens.verdict, tokens.verdict));
});
afterAll(() => rm(directory, { recursive: true }));

const policyOf = (name: string) =>
  llamaPolicy({ modelPath: at(name), loraPaths: [], contextTokens: 512, sequences: 2, threads: 1 });
const never = new AbortController().signal;
const tool = { name: "act", description: "Act.", parameters: {} };
const ask = (overrides: Partial<GenerateRequest> = {}): GenerateRequest => ({
  messages: [{ role: "user", content: "hi" }],
  tools: [tool],
  sampling: { temperature: 1, maxTokens: 8 },
  signal: never,
  ...overrides,
});

describe("llamaPolicy", () => {
  it("reads tool calls out of what the model wrote, and keeps its tokens as sampled", async () => {
    await using policy = await policyOf("tools.gguf");
    const deltas: string[] = [];
    const generation = await policy.generate(ask({ onDelta: (text) => deltas.push(text) }));
    expect(generation).toMatchObject({
      message: {
        role: "assistant",
        content: null,
        toolCalls: [{ id: "call_0", name: "act", arguments: '{"guess":50}' }],
      },
      rawText: toolCallText,
      tokenIds: [tokens.toolCall, tokens.imEnd],
      versionSpans: [{ version: 0, from: 0, to: 2 }],
      finishReason: "tool_calls",
      usage: { completionTokens: 2 },
    });
    for (const logprob of generation.logprobs!) expect(logprob).toBeCloseTo(0, 6);
    expect(generation.usage.promptTokens).toBe(generation.promptTokenIds!.length);
    expect(deltas).toEqual([toolCallText]);
    expect(policy).toMatchObject({ id: `llama:${at("tools.gguf")},context=512`, device: "cpu", contextTokens: 512 });
    // Without tools it is text, as for any reader.
    const { tools: _, ...without } = ask();
    expect(await policy.generate(without)).toMatchObject({
      message: { role: "assistant", content: toolCallText },
      finishReason: "stop",
    });
  });

  it("is a function of the seed, takes tokens, scores them, and swaps its weights", async () => {
    await using policy = await policyOf("random.gguf");
    const request = ask({ promptTokenIds: textTokens("hello"), sampling: { temperature: 1, maxTokens: 6, seed: 5 } });
    const first = await policy.generate(request);
    const again = await policy.generate(request);
    expect(again.tokenIds).toEqual(first.tokenIds);
    const scores = await policy.score({
      promptTokenIds: first.promptTokenIds!,
      tokenIds: first.tokenIds!,
      signal: never,
    });
    for (const [i, logprob] of scores.logprobs.entries()) expect(logprob).toBeCloseTo(first.logprobs![i]!, 3);
    await policy.publish(at("tools.gguf"), 4);
    expect(policy.version()).toBe(4);
    expect(await policy.generate(request)).toMatchObject({
      tokenIds: [tokens.toolCall, tokens.imEnd],
      versionSpans: [{ version: 4, from: 0, to: 2 }],
    });
  });

  it("drops log-probabilities where llama.cpp keeps other tokens than the contract says", async () => {
    await using policy = await policyOf("random.gguf");
    const logprobs = async (sampling: Partial<GenerateRequest["sampling"]>) =>
      (await policy.generate(ask({ sampling: { temperature: 1, maxTokens: 2, ...sampling } }))).logprobs;
    expect(await logprobs({ topP: 0.9, temperature: 0.7 })).toBeNull();
    expect(await logprobs({ topP: 0.9 })).not.toBeNull();
    expect(await logprobs({ temperature: 0.7 })).not.toBeNull();
  });

  it("lets go of a request that is aborted, and answers the next", async () => {
    await using policy = await policyOf("endless.gguf");
    const controller = new AbortController();
    const long = policy.generate(ask({ signal: controller.signal, sampling: { temperature: 1, maxTokens: 480 } }));
    controller.abort(new Error("enough"));
    await expect(long).rejects.toThrow("enough");
    expect((await policy.generate(ask())).finishReason).toBe("length");
  });

  it("says what is wrong with a request, and lives on", async () => {
    await using policy = await policyOf("random.gguf");
    await expect(policy.generate(ask({ promptTokenIds: [999_999] }))).rejects.toMatchObject({
      code: "ERR_POLICY_REQUEST",
      boundary: "policy",
      message: expect.stringContaining("no token 999999") as string,
    });
    await expect(policy.score({ promptTokenIds: [1], tokenIds: [], signal: never })).rejects.toMatchObject({
      code: "ERR_POLICY_REQUEST",
    });
    await expect(policy.publish(at("none.gguf"), 1)).rejects.toMatchObject({ code: "ERR_LLAMA_MODEL" });
    expect((await policy.generate(ask())).versionSpans[0]).toMatchObject({ version: 0 });
  });
});

describe("llamaPolicy's start", () => {
  it("fails at once for a file that is not there", async () => {
    await expect(policyOf("none.gguf")).rejects.toMatchObject({ code: "ERR_LLAMA_MODEL", boundary: "config" });
  });

  it("fails for a file that is no model", async () => {
    await expect(
      llamaPolicy({ modelPath: import.meta.filename, loraPaths: [], contextTokens: 512 }),
    ).rejects.toMatchObject({ code: "ERR_LLAMA_MODEL" });
  });
});
