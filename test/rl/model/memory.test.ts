import { beforeEach, describe, expect, it } from "vitest";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import type { LoraConfig, ModelConfig, TrainBatch, TrainerOptions } from "../../../src/rl/model/contract.ts";
import { GradientSum } from "../../../src/rl/model/gradient-sum.ts";
import { initialAdapter } from "../../../src/rl/model/lora.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { ids, single, tinyModel } from "./tiny.ts";

beforeEach(async () => {
  await loadBackend("wasm");
});

const sequences = [5, 17, 9, 30].map((length, i) =>
  single({ promptTokenIds: ids(`p${i}`, length), tokenIds: ids(`t${i}`, 4 + i) }),
);
const batch: TrainBatch = { type: "imitation", sequences };
const qwen3 = { heads: 4, kvHeads: 2, headSize: 6, qkNorm: true };
const lora: LoraConfig = { rank: 2, alpha: 4, targets: ["q_proj", "v_proj", "down_proj"] };

async function threeSteps(
  shape: Partial<ModelConfig>,
  options: Partial<TrainerOptions>,
  adapter: LoraConfig | null = null,
) {
  const model = tinyModel(shape);
  if (adapter) await model.adapt(adapter, initialAdapter(model.config, adapter, 3));
  const trainer = createTrainer(model, { learningRate: 1e-2, ...options });
  const metrics = [await trainer.step(batch), await trainer.step(batch), await trainer.step(batch)];
  const weights = adapter ? await model.exportAdapter() : await model.exportWeights();
  trainer.dispose();
  model.dispose();
  return { metrics, weights };
}

describe("recomputing activations", () => {
  it.each<[string, Partial<ModelConfig>, LoraConfig | null]>([
    ["of a model", {}, null],
    ["of one with grouped and normed queries", qwen3, null],
    ["of an adapted one", qwen3, lora],
  ])("%s changes no bit of three steps over several microbatches", async (_, shape, adapter) => {
    const plain = await threeSteps(shape, { microbatchTokens: 60 }, adapter);
    const lean = await threeSteps(shape, { microbatchTokens: 60, recompute: true }, adapter);
    expect(lean).toEqual(plain);
  });

  it("works through composed operations too", async () => {
    await loadBackend("cpu");
    const [plain, lean] = [await threeSteps(qwen3, {}), await threeSteps(qwen3, { recompute: true })];
    expect(lean).toEqual(plain);
  });

  it("takes the memory of one layer for that of all", async () => {
    const peakBytes = async (layers: number, recompute: boolean) => {
      const trainer = createTrainer(tinyModel({ layers, ...qwen3 }), { learningRate: 0, recompute });
      const profile = await tf.profile(async () => (await trainer.step(batch)) as unknown as tf.TensorContainer);
      return profile.peakBytes;
    };
    const perLayer = async (recompute: boolean) =>
      ((await peakBytes(10, recompute)) - (await peakBytes(4, recompute))) / 6;
    const [plain, lean] = [await perLayer(false), await perLayer(true)];
    // What is left is each layer's input and its parameters, their moments and gradients.
    expect(lean).toBeLessThan(plain / 3);
  });

  it("leaks no tensors", async () => {
    const trainer = createTrainer(tinyModel(qwen3), { learningRate: 1e-3, recompute: true });
    await trainer.step(batch);
    const before = tf.memory().numTensors;
    await trainer.step(batch);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("a model holds its parameters once, and so it does after steps", async () => {
  const bytes = () => tf.memory().numBytes;
  const start = bytes();
  const model = tinyModel(qwen3);
  expect(bytes() - start).toBe(4 * model.parameterCount);
  const trainer = createTrainer(model, { learningRate: 1e-3 });
  // And two moments.
  expect(bytes() - start).toBe(12 * model.parameterCount);
  await trainer.step(batch);
  await model.importWeights(await model.exportWeights(), 1);
  expect(bytes() - start).toBe(12 * model.parameterCount);
});

describe("the sum of gradients", () => {
  it("holds one copy of the whole, whatever comes, and gives it up", async () => {
    const bytes = () => tf.memory().numBytes;
    const filled = (shape: number[], value: number) => tf.tidy(() => tf.mul(tf.ones(shape), value));
    const parts = (value: number) => [filled([2, 3], value), filled([4], 10 * value)];
    const start = bytes();
    const sum = new GradientSum();
    for (const value of [1, 2, 4]) {
      sum.add(parts(value));
      expect(bytes() - start).toBe(40);
    }
    const values = async (tensors: tf.Tensor[]) =>
      (await Promise.all(tensors.map((tensor) => tensor.data()))).map((data) => Array.from(data));
    const all = sum.take();
    expect(await values(all)).toEqual([Array(6).fill(7), Array(4).fill(70)]);
    expect(bytes() - start).toBe(40);
    sum.add(parts(5));
    const again = sum.take();
    expect(await values(again)).toEqual([Array(6).fill(5), Array(4).fill(50)]);
    tf.dispose([...all, ...again]);
    expect(bytes()).toBe(start);
  });
});
