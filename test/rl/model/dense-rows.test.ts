import { beforeEach, describe, expect, it } from "vitest";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { inputLength, packBatches } from "../../../src/rl/model/batch.ts";
import type { ModelConfig, TrainBatch, TrainerOptions } from "../../../src/rl/model/contract.ts";
import { denseRows } from "../../../src/rl/model/dense-rows.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { ids, single, tinyModel } from "./tiny.ts";

beforeEach(async () => {
  await loadBackend("wasm");
});

const sequences = [2, 3, 30, 9, 10, 38].map((length, i) =>
  single({ promptTokenIds: ids(`p${i}`, length), tokenIds: ids(`t${i}`, 3 + (i % 3)) }),
);
const batch: TrainBatch = { type: "imitation", sequences };

describe("dense rows", () => {
  it("have each token once, and put it where attention and the padded layout look for it", () => {
    const lengths = [3, 4, 9, 10, 30];
    const { places, rows, blocks, back } = denseRows(lengths, 32)!;
    expect(places).toHaveLength(56);
    const tokens = lengths.flatMap((length, b) => Array.from({ length }, (_, t) => b * 32 + t));
    expect([...places]).toEqual(tokens);
    tokens.forEach((place, row) => expect(rows[place]).toBe(row));
    // Padding stands at its own sequence's first token.
    expect(Array.from(rows.subarray(32 + 4, 64))).toEqual(Array.from({ length: 28 }, () => 3));
    expect(blocks.map(({ batch, time }) => [batch, time])).toEqual([
      [2, 4],
      [2, 10],
      [1, 30],
    ]);
    const joined = blocks.flatMap(({ rows }) => [...rows]);
    places.forEach((_, row) => expect(joined[back[row]!]).toBe(row));
    expect(joined.slice(0, 4)).toEqual([0, 1, 2, 0]);
  });

  it("are a round number: what is added at the end is nobody's", () => {
    const { places, back } = denseRows([3, 30], 32)!;
    expect([places.length, back.length]).toEqual([40, 40]);
    expect([...places.slice(33), ...back.slice(33)]).toEqual(Array.from({ length: 14 }, () => 0));
  });

  it("are not made where hardly anything is padding", () => {
    expect(denseRows([32, 32, 30], 32)).toBeNull();
    expect(denseRows([31], 32)).toBeNull();
    expect(denseRows([8, 32], 32)).not.toBeNull();
  });
});

describe("a pass without padding", () => {
  const shapes: [string, Partial<ModelConfig>][] = [
    ["a copy head", {}],
    ["grouped and normed queries", { heads: 4, kvHeads: 2, headSize: 6, qkNorm: true, copyHead: false }],
  ];

  it.each(shapes)("scores as each sequence alone does, with %s", async (_, shape) => {
    const model = tinyModel(shape);
    expect(packBatches(sequences, 2048).map(({ dense }) => dense === null)).toEqual([false]);
    const together = await model.score(sequences);
    for (const [i, sequence] of sequences.entries()) {
      const [alone] = await model.score([sequence]);
      together[i]!.forEach((value, t) => expect(value).toBeCloseTo(alone![t]!, 5));
    }
  });

  it.each<[string, Partial<ModelConfig>, Partial<TrainerOptions>]>([
    ...shapes.map(([name, shape]): [string, Partial<ModelConfig>, object] => [name, shape, {}]),
    ["recomputed activations", { qkNorm: true }, { recompute: true }],
  ])("has the gradient of its sequences, each in a pass of its own: with %s", async (_, shape, options) => {
    const oneStep = async (microbatchTokens: number) => {
      const model = tinyModel(shape);
      // An epsilon this large makes the first step the gradient, scaled.
      const trainer = createTrainer(model, { learningRate: 1e-2, epsilon: 1, ...options, microbatchTokens });
      return { metrics: await trainer.step(batch), weights: await model.exportWeights() };
    };
    const [together, apart] = [await oneStep(10_000), await oneStep(1)];
    expect(together.metrics.loss).toBeCloseTo(apart.metrics.loss, 5);
    expect(together.metrics.gradientNorm / apart.metrics.gradientNorm).toBeCloseTo(1, 5);
    for (const [name, { data }] of Object.entries(together.weights))
      data.forEach((value, i) => expect(value).toBeCloseTo(apart.weights[name]!.data[i]!, 6));
  });

  it("multiplies no padding", async () => {
    const model = tinyModel({ copyHead: false, ffn: 20 });
    const { kernels } = await tf.profile(() => model.score(sequences));
    const gates = kernels.filter(({ name, outputShapes }) => name === "BatchMatMul" && outputShapes[0]!.at(-1) === 20);
    const real = sequences.reduce((sum, sequence) => sum + inputLength(sequence), 0);
    expect(gates.length).toBeGreaterThan(0);
    for (const { outputShapes } of gates) expect(outputShapes[0]!.at(-2)).toBe(8 * Math.ceil(real / 8));
  });

  it("leaks no tensors", async () => {
    const trainer = createTrainer(tinyModel(), { learningRate: 1e-3 });
    await trainer.step(batch);
    const before = tf.memory().numTensors;
    await trainer.step(batch);
    expect(tf.memory().numTensors).toBe(before);
  });
});
