import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { modelConfigSchema } from "../../../src/rl/model/config.ts";
import type { ModelConfig } from "../../../src/rl/model/contract.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { goldenLogits, logSoftmax } from "./golden-decoder.ts";
import { ids, single, tinyModel, tokenizer } from "./tiny.ts";

beforeAll(async () => {
  await loadBackend("wasm");
});

/** One wave of each kind at this base and size: kept, mixed and stretched. */
const llama3 = {
  type: "llama3",
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalContext: 100,
} as const;
const qwen3 = { heads: 4, kvHeads: 2, headSize: 6, qkNorm: true, copyHead: false, normEpsilon: 1e-3 };

describe("the model computes what the papers say", () => {
  it.each<[string, Partial<ModelConfig>]>([
    ["grouped queries, normed, Llama 3.1's RoPE", { ...qwen3, ropeBase: 500, ropeScaling: llama3, tiedHead: false }],
    ["a tied head and plain RoPE", { ...qwen3, tiedHead: true }],
    ["one key head for all, nothing normed", { ...qwen3, kvHeads: 1, qkNorm: false, tiedHead: false }],
  ])("%s: the log-probability of every token, against float64", async (_, shape) => {
    const model = tinyModel(shape);
    const prompt = ids("golden", 21);
    const golden = logSoftmax(goldenLogits(model.config, await model.exportWeights(), prompt));
    const every = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);
    const scores = await model.score(every.map((id) => single({ promptTokenIds: prompt, tokenIds: [id] })));
    every.forEach((id) => expect(scores[id]![0]).toBeCloseTo(golden[id]!, 5));
    const greedy = await model.generate([
      { promptTokenIds: prompt, sampling: { temperature: 0, maxTokens: 1 }, random: { next: () => 0 } as never },
    ]);
    expect(greedy[0]!.logprobs[0]).toBeCloseTo(Math.max(...golden), 5);
    model.dispose();
  });
});

it("one step of it has the same loss and gradient through fused kernels and through composed operations", async () => {
  const branch = single({ promptTokenIds: ids("p", 7), tokenIds: ids("t", 6) });
  const step = async (backend: "wasm" | "cpu") => {
    await loadBackend(backend);
    const model = tinyModel({ ...qwen3, ropeBase: 500, ropeScaling: llama3 });
    return createTrainer(model, { learningRate: 0 }).step({ type: "imitation", sequences: [branch, branch] });
  };
  const cpu = await step("cpu");
  const wasm = await step("wasm");
  expect(wasm.loss).toBeCloseTo(cpu.loss, 5);
  expect(wasm.gradientNorm / cpu.gradientNorm).toBeCloseTo(1, 5);
});

describe("a model's file", () => {
  const old = {
    vocabSize: 10,
    dModel: 16,
    layers: 2,
    heads: 2,
    ffn: 24,
    maxContext: 48,
    copyHead: true,
    tiedHead: true,
  };

  it("from before these keys loads as the model it was", () => {
    expect(modelConfigSchema.parse(old)).toEqual({
      ...old,
      kvHeads: 2,
      headSize: 8,
      qkNorm: false,
      normEpsilon: 1e-5,
      ropeBase: 10_000,
      ropeScaling: null,
      history: "last",
    });
  });

  it("keeps every key through JSON", () => {
    const config = modelConfigSchema.parse({ ...old, ...qwen3, ropeScaling: llama3 });
    expect(modelConfigSchema.parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([{ ropeScaling: { type: "ntk", factor: 2 } }, { ropeScaling: { ...llama3, lowFrequencyFactor: 4 } }])(
    "is refused for a RoPE scaling that is none: %o",
    (wrong) => {
      expect(modelConfigSchema.safeParse({ ...old, ...wrong }).success).toBe(false);
    },
  );
});
