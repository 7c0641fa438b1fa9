import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sampling } from "../../src/core/policy.ts";
import { LlamaEngine } from "../../src/llama/engine.ts";
import type { LlamaPrompt } from "../../src/llama/protocol.ts";
import { logSoftmax, referenceLogprobs } from "../support/gguf/llama-reference.ts";
import {
  randomTensors,
  saying,
  textTokens,
  tokens,
  verdictText,
  writeTinyLlama,
  writeTinyLora,
  type Tensors,
} from "../support/gguf/tiny-llama.ts";

/** llama.cpp keeps keys and values in float16. */
const tolerance = 5e-3;
const base = randomTensors(1);
const { signal } = new AbortController();

let directory: string;
let modelPath: string;
let engine: LlamaEngine;
const open = (path: string, loraPaths: string[] = [], sequences = 3) =>
  LlamaEngine.open({ modelPath: path, loraPaths, contextTokens: 512, sequences, threads: 1 });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-llama-"));
  modelPath = join(directory, "base.gguf");
  await writeTinyLlama(modelPath, base);
  engine = await open(modelPath);
});
afterAll(() => rm(directory, { recursive: true }));

const prompt = [tokens.bos, ...textTokens("hello")];
const generate = (
  on: LlamaEngine,
  sampling: Partial<Sampling> = {},
  seed = "1",
  tokenIds: readonly number[] = prompt,
) => on.generate({ prompt: { tokenIds }, sampling: { temperature: 1, maxTokens: 10, ...sampling }, seed, signal });

/** [tokens][vocabulary] of what was sampled after a prompt, at temperature 1. */
const expected = (tensors: Tensors, promptIds: readonly number[], tokenIds: readonly number[]): number[][] =>
  referenceLogprobs(tensors, [...promptIds, ...tokenIds]).slice(promptIds.length - 1, -1);
const near = (actual: readonly number[], wanted: readonly number[]): void => {
  expect(actual).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance);
};
const ofTokens = (logs: readonly number[][], tokenIds: readonly number[]): number[] =>
  tokenIds.map((id, i) => logs[i]![id]!);

describe("a completion's log-probabilities", () => {
  it.each([1, 0.6, 1.7])("are those of the model recomputed in float64, at temperature %d", async (temperature) => {
    const { tokenIds, logprobs } = await generate(engine, { temperature });
    const logs = expected(base, prompt, tokenIds).map((all) => logSoftmax(all.map((log) => log / temperature)));
    near(logprobs, ofTokens(logs, tokenIds));
  });

  it("are of what top-k left, renormalised, after temperature", async () => {
    const { tokenIds, logprobs } = await generate(engine, { temperature: 0.8, topK: 4 });
    const logs = expected(base, prompt, tokenIds).map((all) => {
      const kept = all.toSorted((a, b) => b - a)[3]!;
      return logSoftmax(all.map((log) => (log < kept ? Number.NEGATIVE_INFINITY : log / 0.8)));
    });
    near(logprobs, ofTokens(logs, tokenIds));
  });

  it("are of what top-p left, renormalised, at temperature 1", async () => {
    const { tokenIds, logprobs } = await generate(engine, { topP: 0.5 });
    const logs = expected(base, prompt, tokenIds).map((all) => {
      let mass = 0;
      const kept = all
        .toSorted((a, b) => b - a)
        .filter((log) => {
          const before = mass;
          mass += Math.exp(log);
          return before < 0.5;
        });
      return logSoftmax(all.map((log) => (log < kept.at(-1)! ? Number.NEGATIVE_INFINITY : log)));
    });
    near(logprobs, ofTokens(logs, tokenIds));
  });

  it("are the model's own of the best tokens, when nothing is sampled", async () => {
    const { tokenIds, logprobs } = await generate(engine, { temperature: 0 });
    const logs = expected(base, prompt, tokenIds);
    expect(tokenIds).toEqual(logs.map((all) => all.indexOf(Math.max(...all))));
    near(logprobs, ofTokens(logs, tokenIds));
  });
});

describe("sampling", () => {
  it("is repeated by a seed, and differs by another", async () => {
    const first = await generate(engine, {}, "7");
    expect((await generate(engine, {}, "7")).tokenIds).toEqual(first.tokenIds);
    expect((await generate(engine, {}, "8")).tokenIds).not.toEqual(first.tokenIds);
  });

  it("draws each token anew: a seed is not one draw over and over", async () => {
    const { tokenIds } = await generate(engine, { temperature: 50, maxTokens: 24 });
    expect(new Set(tokenIds).size).toBeGreaterThan(12);
  });
});

describe("requests that run at once", () => {
  it("are more than there are sequences, and each is its own", async () => {
    const prompts = ["one", "two", "three", "four", "five", "six", "seven"].map((text) => textTokens(text));
    const completions = await Promise.all(prompts.map((ids, i) => generate(engine, {}, String(i), ids)));
    for (const [i, { tokenIds, logprobs }] of completions.entries())
      near(logprobs, ofTokens(expected(base, prompts[i]!, tokenIds), tokenIds));
  });

  it("go on from what a sequence holds, or part from it, without a trace of what it held", async () => {
    const first = await generate(engine);
    const on = [...prompt, ...first.tokenIds, ...textTokens("and")];
    const apart = [...on.slice(0, 9), ...textTokens("other")];
    for (const ids of [on, apart, on.slice(0, 3)]) {
      const { tokenIds, logprobs } = await generate(engine, {}, "3", ids);
      near(logprobs, ofTokens(expected(base, ids, tokenIds), tokenIds));
    }
  });

  it("end when they are told to, between two tokens, and leave their sequence to others", async () => {
    const path = join(directory, "endless.gguf");
    await writeTinyLlama(path, saying(tokens.verdict, tokens.verdict));
    const only = await open(path, [], 1);
    const controller = new AbortController();
    let looks = 0;
    const impatient = {
      throwIfAborted() {
        if (++looks === 6) controller.abort(new Error("enough"));
        controller.signal.throwIfAborted();
      },
    } as AbortSignal;
    const endless: Sampling = { temperature: 1, maxTokens: 400 };
    const long = only.generate({ prompt: { tokenIds: prompt }, sampling: endless, seed: "1", signal: impatient });
    const waiting = generate(only);
    await expect(long).rejects.toThrow("enough");
    expect((await waiting).tokenIds).toHaveLength(10);
    expect(looks).toBe(6);
  });
});

describe("scores", () => {
  const scored = textTokens("abc");
  it("are the model's own, with the best tokens and the chosen ones of each position", async () => {
    const supportIds = [[tokens.eos, 100], [7], []];
    const scores = await engine.score({ promptTokenIds: prompt, tokenIds: scored, topK: 3, supportIds }, signal);
    const logs = expected(base, prompt, scored);
    near(scores.logprobs, ofTokens(logs, scored));
    for (const [i, all] of logs.entries()) {
      const order = [...all.keys()].sort((a, b) => all[b]! - all[a]!).slice(0, 3);
      expect(scores.top![i]!.map(({ tokenId }) => tokenId)).toEqual(order);
      near(
        scores.top![i]!.map(({ logprob }) => logprob),
        order.map((id) => all[id]!),
      );
      near(
        scores.support![i]!,
        supportIds[i]!.map((id) => all[id]!),
      );
    }
    expect(scores.version).toBe(0);
  });

  it("are the same when a sequence already holds what is scored", async () => {
    const { tokenIds, logprobs } = await generate(engine, {}, "11");
    const scores = await engine.score({ promptTokenIds: prompt, tokenIds }, signal);
    near(scores.logprobs, logprobs);
    expect(scores).toMatchObject({ top: null, support: null });
  });
});

describe("messages", () => {
  const render = async (on: LlamaEngine, chat: Extract<LlamaPrompt, { messages: unknown }>) =>
    on.generate({ prompt: chat, sampling: { temperature: 1, maxTokens: 1 }, seed: "1", signal });

  it("become the tokens of the model's own chat template, its special ones included", async () => {
    const { promptTokenIds } = await render(engine, {
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content: null, toolCalls: [{ id: "1", name: "run", arguments: '{"command":"ls"}' }] },
        { role: "tool", toolCallId: "1", content: "a.txt" },
      ],
      tools: [{ name: "run", description: "", parameters: {} }],
    });
    const turn = (text: string): number[] => [tokens.imStart, ...textTokens(text), tokens.imEnd, ...textTokens("\n")];
    expect(promptTokenIds).toEqual([
      ...turn("tools\nrun;"),
      ...turn("user\nhi"),
      ...turn("assistant\n[run:ls]"),
      ...turn("tool\na.txt"),
      tokens.imStart,
      ...textTokens("assistant\n"),
    ]);
  });

  it("need a model that has a template", async () => {
    const path = join(directory, "no-chat.gguf");
    await writeTinyLlama(path, base, { chat: false });
    const bare = await open(path);
    await expect(render(bare, { messages: [{ role: "user", content: "hi" }], tools: [] })).rejects.toMatchObject({
      code: "ERR_CHAT_TEMPLATE",
    });
  });
});

describe("a completion", () => {
  it("ends with the token that ends a turn, which is sampled but not text", async () => {
    const path = join(directory, "saying.gguf");
    await writeTinyLlama(path, saying(tokens.verdict));
    const completion = await generate(await open(path));
    expect(completion).toMatchObject({
      tokenIds: [tokens.verdict, tokens.imEnd],
      text: verdictText,
      finishReason: "stop",
    });
  });

  it("ends where a stop string is written, over tokens, which are sampled but whose text is left out", async () => {
    const path = join(directory, "stopping.gguf");
    const [v] = textTokens("v");
    await writeTinyLlama(path, saying(tokens.verdict, v));
    const on = await open(path);
    // What it says over and over, as far as the stop string needs it.
    const stop = [`${verdictText.slice(-1)}v`];
    expect(await generate(on, { stop })).toMatchObject({
      tokenIds: [tokens.verdict, v],
      text: verdictText.slice(0, -1),
      finishReason: "stop",
    });
    await expect(generate(on, { stop: [""] })).rejects.toMatchObject({ code: "ERR_POLICY_REQUEST" });
  });

  it("ends where the context does, and its last token still saw the first", async () => {
    const long = Array.from({ length: 500 }, (_, i) => 20 + (i % 200));
    const { tokenIds, logprobs, finishReason } = await generate(engine, { maxTokens: 100 }, "1", long);
    expect(tokenIds).toHaveLength(engine.contextTokens - 500);
    expect(finishReason).toBe("length");
    near(logprobs, ofTokens(expected(base, long, tokenIds), tokenIds));
  });

  it.each([
    ["a prompt that fills the context", Array.from({ length: 512 }, () => 20), "ERR_CONTEXT_OVERFLOW"],
    ["a token that the model does not have", [1, 100_000], "ERR_POLICY_REQUEST"],
    ["no prompt at all", [], "ERR_POLICY_REQUEST"],
  ])("is refused for %s", async (_, ids, code) => {
    await expect(generate(engine, {}, "1", ids)).rejects.toMatchObject({ code, boundary: "policy" });
  });
});

describe("weights", () => {
  it("come with their adapters", async () => {
    const path = join(directory, "lora.gguf");
    const merge = await writeTinyLora(path, 1);
    const { tokenIds, logprobs } = await generate(await open(modelPath, [path]));
    near(logprobs, ofTokens(expected(merge(base), prompt, tokenIds), tokenIds));
    // The adapter is no small thing, or the line above would prove nothing.
    const without = ofTokens(expected(base, prompt, tokenIds), tokenIds);
    expect(Math.max(...logprobs.map((logprob, i) => Math.abs(logprob - without[i]!)))).toBeGreaterThan(0.1);
  });

  it("are swapped for an adapter, or another model, while what runs ends on the old ones", async () => {
    const swapped = await open(modelPath);
    const [adapter, other] = [join(directory, "v1.gguf"), join(directory, "v2.gguf")];
    const merge = await writeTinyLora(adapter, 2);
    await writeTinyLlama(other, randomTensors(2));
    const old = generate(swapped, { maxTokens: 60 });
    await swapped.load(adapter, 1);
    const first = await generate(swapped);
    const running = generate(swapped, { maxTokens: 60 });
    await swapped.load(other, 2);
    const second = await generate(swapped);
    const of = [
      { completion: await old, tensors: base, version: 0 },
      { completion: first, tensors: merge(base), version: 1 },
      { completion: await running, tensors: merge(base), version: 1 },
      { completion: second, tensors: randomTensors(2), version: 2 },
    ];
    for (const { completion, tensors, version } of of) {
      expect(completion.version).toBe(version);
      near(completion.logprobs, ofTokens(expected(tensors, prompt, completion.tokenIds), completion.tokenIds));
    }
  });

  it("that are asked for one upon the other come in that order", async () => {
    const swapped = await open(modelPath);
    const paths = [join(directory, "a.gguf"), join(directory, "b.gguf")];
    for (const [i, path] of paths.entries()) await writeTinyLlama(path, randomTensors(20 + i));
    await Promise.all(paths.map((path, i) => swapped.load(path, i + 1)));
    const { version, tokenIds, logprobs } = await generate(swapped);
    expect(version).toBe(2);
    near(logprobs, ofTokens(expected(randomTensors(21), prompt, tokenIds), tokenIds));
  });

  it("stay when the new ones cannot be read", async () => {
    await expect(engine.load(join(directory, "missing.gguf"), 9)).rejects.toMatchObject({ code: "ERR_LLAMA_MODEL" });
    expect((await generate(engine)).version).toBe(0);
  });
});
