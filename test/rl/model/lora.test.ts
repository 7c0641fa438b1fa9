import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { addAdapter, loadModel, readWeights, saveModel } from "../../../src/rl/model/checkpoint.ts";
import { loraTargets, type LoraConfig, type TrainBatch, type WeightSet } from "../../../src/rl/model/contract.ts";
import { LocalModel } from "../../../src/rl/model/local-model.ts";
import { initialAdapter, mergeAdapter } from "../../../src/rl/model/lora.ts";
import { readSafetensors } from "../../../src/rl/checkpoints/safetensors/weight-set.ts";
import { createTrainer, loadTrainer } from "../../../src/rl/model/trainer.ts";
import { goldenLogits, logSoftmax } from "./golden-decoder.ts";
import { gradientOf, gradientOptions } from "./slope.ts";
import { ids, single, tinyModel, tokenizer } from "./tiny.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-lora-"));
});
beforeEach(async () => {
  await loadBackend("wasm");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const shape = { heads: 4, kvHeads: 2, headSize: 6, qkNorm: true, copyHead: false, tiedHead: false };
const all: LoraConfig = { rank: 3, alpha: 6, targets: loraTargets };
const some: LoraConfig = { rank: 2, alpha: 1, targets: ["q_proj", "v_proj", "down_proj"] };

/** One that does something: a fresh one's B is zero. */
function movedAdapter(model: LocalModel, lora: LoraConfig, seed = 5): WeightSet {
  const weights = initialAdapter(model.config, lora, seed);
  for (const [name, { data }] of Object.entries(weights)) {
    const random = createRandom(`${seed}/${name}`);
    if (name.includes("lora_B")) data.forEach((_, i) => (data[i] = 0.4 * random.normal()));
  }
  return weights;
}

async function adaptedModel(lora: LoraConfig, seed = 5): Promise<LocalModel> {
  const model = tinyModel(shape);
  await model.adapt(lora, movedAdapter(model, lora, seed));
  return model;
}

/** [outputs, inputs] of one target: alpha / rank times B A, in float64. */
function product(adapter: WeightSet, layer: number, module: string, { rank, alpha }: LoraConfig): number[][] {
  const of = (which: string) => adapter[`base_model.model.model.layers.${layer}.${module}.lora_${which}.weight`]!;
  const [a, b] = [of("A"), of("B")];
  const inputs = a.shape[1]!;
  return Array.from({ length: b.shape[0]! }, (_, o) =>
    Array.from({ length: inputs }, (_, i) => {
      let sum = 0;
      for (let r = 0; r < rank; r++) sum += b.data[o * rank + r]! * a.data[r * inputs + i]!;
      return (alpha / rank) * sum;
    }),
  );
}

/** Where the rows of a target's product stand in our matrices: [matrix, first column]. */
const places: Record<string, [string, number]> = {
  "self_attn.q_proj": ["attention.qkv", 0],
  "self_attn.k_proj": ["attention.qkv", 24],
  "self_attn.v_proj": ["attention.qkv", 36],
  "self_attn.o_proj": ["attention.out", 0],
  "mlp.gate_proj": ["feedforward.gate", 0],
  "mlp.up_proj": ["feedforward.up", 0],
  "mlp.down_proj": ["feedforward.down", 0],
};

function goldenMerge(weights: WeightSet, adapter: WeightSet, lora: LoraConfig): WeightSet {
  const merged = structuredClone<WeightSet>(weights);
  for (let layer = 0; layer < 2; layer++) {
    for (const [module, [matrix, column]] of Object.entries(places)) {
      if (!lora.targets.some((target) => module.endsWith(target))) continue;
      const { shape, data } = merged[`layers.${layer}.${matrix}`]!;
      product(adapter, layer, module, lora).forEach((row, o) =>
        row.forEach((value, i) => (data[i * shape[1]! + column + o]! += value)),
      );
    }
  }
  return merged;
}

const prompt = ids("lora", 14);
const every = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);
const everyNext = every.map((id) => single({ promptTokenIds: prompt, tokenIds: [id] }));
const sequences = [5, 17, 9].map((length, i) =>
  single({ promptTokenIds: ids(`p${i}`, length), tokenIds: ids(`t${i}`, 4 + i) }),
);
const batch: TrainBatch = { type: "imitation", sequences };

describe("an adapted model", () => {
  it.each([
    ["all targets", all],
    ["some of them", some],
  ])("computes W + alpha / rank * B A, in float64, with %s", async (_, lora) => {
    const model = await adaptedModel(lora);
    const merged = goldenMerge(await model.exportWeights(), await model.exportAdapter(), lora);
    const golden = logSoftmax(goldenLogits(model.config, merged, prompt));
    const scores = await model.score(everyNext);
    every.forEach((id) => expect(scores[id]![0]).toBeCloseTo(golden[id]!, 4));
    const plain = logSoftmax(goldenLogits(model.config, await model.exportWeights(), prompt));
    expect(Math.max(...plain.map((value, id) => Math.abs(value - golden[id]!)))).toBeGreaterThan(0.05);
    model.dispose();
  });

  it("merged into its base gives the same model without an adapter", async () => {
    const model = await adaptedModel(all);
    const [weights, adapter] = [await model.exportWeights(), await model.exportAdapter()];
    const merged = mergeAdapter(model.config, all, weights, adapter);
    const golden = goldenMerge(weights, adapter, all);
    for (const [name, { data }] of Object.entries(merged))
      data.forEach((value, i) => expect(value).toBeCloseTo(golden[name]!.data[i]!, 6));
    const { config, backend } = model;
    const plain = new LocalModel({ config, tokenizer, weights: merged, version: 0, backend });
    const [a, b] = [await model.score(everyNext), await plain.score(everyNext)];
    a.forEach(([value], i) => expect(value).toBeCloseTo(b[i]![0]!, 5));
  });

  it("samples what it trains: log-probabilities agree, and a fresh adapter changes none", async () => {
    const model = await adaptedModel(all);
    const requests = [3, 9, 14].map((length, i) => ({
      promptTokenIds: ids(`${i}`, length),
      sampling: { temperature: 1, maxTokens: 6 },
      random: createRandom(i),
    }));
    const completions = await model.generate(requests);
    const scores = await model.score(completions.map(({ tokenIds }, i) => single({ ...requests[i]!, tokenIds })));
    completions.forEach(({ logprobs }, i) =>
      logprobs.forEach((logprob, t) => expect(logprob).toBeCloseTo(scores[i]![t]!, 5)),
    );
    const plain = tinyModel(shape);
    const before = await plain.score(sequences);
    await plain.adapt(all, initialAdapter(plain.config, all, 1));
    expect(await plain.score(sequences)).toEqual(before);
  });

  it("has PEFT's names and shapes", async () => {
    const model = await adaptedModel(some);
    const shapes = Object.entries(await model.exportAdapter()).map(([name, { shape }]) => [name, shape.join()]);
    expect(shapes.slice(0, 6)).toEqual([
      ["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "2,16"],
      ["base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight", "24,2"],
      ["base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight", "2,16"],
      ["base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight", "12,2"],
      ["base_model.model.model.layers.0.mlp.down_proj.lora_A.weight", "2,24"],
      ["base_model.model.model.layers.0.mlp.down_proj.lora_B.weight", "16,2"],
    ]);
    expect(shapes).toHaveLength(12);
  });

  it("serves an adapter that comes alone, between two tokens, and keeps its base", async () => {
    const [model, trained] = [await adaptedModel(all), await adaptedModel(all, 8)];
    const base = await model.exportWeights();
    const pending = model.generate([
      { promptTokenIds: prompt, sampling: { temperature: 1, maxTokens: 20 }, random: createRandom("a") },
    ]);
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    await model.importWeights(await trained.exportAdapter(), 4);
    const [completion] = await pending;
    expect(new Set(completion!.versions)).toEqual(new Set([0]));
    expect(model.version).toBe(4);
    expect(await model.score(everyNext)).toEqual(await trained.score(everyNext));
    expect(await model.exportWeights()).toEqual(base);
  });

  it("refuses what does not fit, and stays as it was", async () => {
    const model = tinyModel(shape);
    const adapter = movedAdapter(model, all);
    await expect(model.importWeights(adapter, 1)).rejects.toMatchObject({ code: "ERR_WEIGHTS_MISMATCH" });
    await expect(model.exportAdapter()).rejects.toMatchObject({ code: "ERR_ADAPTER_MISSING" });
    await expect(model.adapt({ ...all, rank: 2 }, adapter)).rejects.toMatchObject({ code: "ERR_WEIGHTS_MISMATCH" });
    for (const wrong of [{ rank: 0 }, { alpha: 0 }, { targets: [] }, { targets: ["head"] as never }])
      await expect(model.adapt({ ...all, ...wrong }, adapter)).rejects.toMatchObject({ code: "ERR_LORA_CONFIG" });
    expect([model.lora, model.version]).toEqual([null, 0]);
  });
});

function byName(like: WeightSet, flat: Float32Array): Record<string, Float32Array> {
  let offset = 0;
  return Object.fromEntries(
    Object.entries(like).map(([name, { data }]) => [name, flat.subarray(offset, (offset += data.length))]),
  );
}

describe("training an adapter", () => {
  it.each([
    ["all targets", all],
    ["some of them", some],
  ])("its gradient follows from the merged matrices' by the chain rule, with %s", async (_, lora) => {
    const model = await adaptedModel(lora);
    const adapter = await model.exportAdapter();
    const own = byName(adapter, await gradientOf(createTrainer(model, gradientOptions()), batch));
    const whole = tinyModel(shape);
    await whole.importWeights(goldenMerge(await model.exportWeights(), adapter, lora), 0);
    const full = byName(await whole.exportWeights(), await gradientOf(createTrainer(whole, gradientOptions()), batch));
    const scale = lora.alpha / lora.rank;
    for (const [module, [matrix, column]] of Object.entries(places)) {
      const name = `base_model.model.model.layers.1.${module}`;
      const a = adapter[`${name}.lora_A.weight`];
      if (a === undefined) continue;
      const b = adapter[`${name}.lora_B.weight`]!;
      const width = (await whole.exportWeights())[`layers.1.${matrix}`]!.shape[1]!;
      const [outputs, inputs] = [b.shape[0]!, a.shape[1]!];
      const dW = (o: number, i: number) => full[`layers.1.${matrix}`]![i * width + column + o]!;
      for (let r = 0; r < lora.rank; r++) {
        for (let i = 0; i < inputs; i++) {
          let sum = 0;
          for (let o = 0; o < outputs; o++) sum += b.data[o * lora.rank + r]! * dW(o, i);
          expect(own[`${name}.lora_A.weight`]![r * inputs + i]).toBeCloseTo(scale * sum, 5);
        }
        for (let o = 0; o < outputs; o++) {
          let sum = 0;
          for (let i = 0; i < inputs; i++) sum += a.data[r * inputs + i]! * dW(o, i);
          expect(own[`${name}.lora_B.weight`]![o * lora.rank + r]).toBeCloseTo(scale * sum, 5);
        }
      }
    }
  });

  it("moves the adapter alone, and learns", async () => {
    const model = tinyModel(shape);
    await model.adapt(all, initialAdapter(model.config, all, 1));
    const base = await model.exportWeights();
    const trainer = createTrainer(model, { learningRate: 2e-2 });
    const { loss: first } = await trainer.step(batch);
    for (let i = 0; i < 20; i++) await trainer.step(batch);
    const { loss: last } = await trainer.step(batch);
    expect(last).toBeLessThan(0.7 * first);
    expect(await model.exportWeights()).toEqual(base);
  });

  it("computes no gradient of a frozen matrix and keeps no optimiser state for one", async () => {
    const model = await adaptedModel(all);
    const trainer = createTrainer(model, { learningRate: 1e-3 });
    // Shapes that nothing else has: 96 rows, 32 of them with a loss.
    const frozen = new Set(["16,48", "24,16", "16,24", `16,${tokenizer.vocabSize}`, `${tokenizer.vocabSize},16`]);
    const shapesOf = async (body: () => Promise<unknown>) => {
      const { kernels } = await tf.profile(async () => (await body()) as tf.TensorContainer);
      return kernels.filter(({ name }) => name === "BatchMatMul").map(({ outputShapes }) => outputShapes[0]!.join());
    };
    const four: TrainBatch = { type: "imitation", sequences: [...sequences, sequences[0]!] };
    const lean = await shapesOf(() => trainer.step(four));
    expect(lean.filter((shape) => frozen.has(shape))).toEqual([]);
    const whole = tinyModel(shape);
    const full = await shapesOf(() => createTrainer(whole, { learningRate: 1e-3 }).step(four));
    expect(full.filter((shape) => frozen.has(shape))).not.toEqual([]);
    const path = join(directory, "lean");
    await trainer.save(path, 0);
    const state = Object.values(await readSafetensors(join(path, "optimizer.safetensors")));
    const count = (of: readonly { data: Float32Array }[]) => of.reduce((sum, { data }) => sum + data.length, 0);
    expect(count(state)).toBe(2 * count(Object.values(await model.exportAdapter())));
  });

  it("gives one loss and one gradient through fused kernels and through composed operations", async () => {
    const step = async (backend: "wasm" | "cpu") => {
      await loadBackend(backend);
      return createTrainer(await adaptedModel(some), { learningRate: 0 }).step(batch);
    };
    const [wasm, cpu] = [await step("wasm"), await step("cpu")];
    expect(wasm.loss).toBeCloseTo(cpu.loss, 5);
    expect(wasm.gradientNorm / cpu.gradientNorm).toBeCloseTo(1, 5);
  });

  it("leaks no tensors", async () => {
    const model = await adaptedModel(all);
    const trainer = createTrainer(model, { learningRate: 1e-3 });
    await trainer.step(batch);
    await model.generate([
      { promptTokenIds: prompt, sampling: { temperature: 1, maxTokens: 2 }, random: createRandom(1) },
    ]);
    const before = tf.memory().numTensors;
    await trainer.step(batch);
    await model.adapt(all, movedAdapter(model, all));
    await model.generate([
      { promptTokenIds: prompt, sampling: { temperature: 1, maxTokens: 2 }, random: createRandom(1) },
    ]);
    expect(tf.memory().numTensors).toBe(before);
    const { named } = model.weights.parameters;
    trainer.dispose();
    model.dispose();
    expect(Object.values(named).every(({ isDisposed }) => isDisposed)).toBe(true);
  });
});

describe("a saved adapter", () => {
  it("resumes bit for bit, with its model and its optimiser", async () => {
    const options = { learningRate: 3e-3, warmupSteps: 4 };
    const straight = createTrainer(await adaptedModel(all), options);
    for (let i = 0; i < 3; i++) await straight.step(batch);
    const path = join(directory, "resume");
    await straight.save(path, 2);
    const resumed = await loadTrainer(path, options);
    expect([resumed.stepsTaken, resumed.model.lora]).toEqual([3, all]);
    for (let i = 0; i < 2; i++) expect(await resumed.step(batch)).toEqual(await straight.step(batch));
    expect(await resumed.model.exportAdapter()).toEqual(await straight.model.exportAdapter());
  });

  it("is what readWeights gives of its directory, and PEFT's two files", async () => {
    const model = await adaptedModel(some);
    const path = join(directory, "files");
    await saveModel(model, path);
    expect(await readWeights(path)).toEqual(await model.exportAdapter());
    expect(JSON.parse(await readFile(join(path, "adapter_config.json"), "utf8"))).toMatchObject({
      peft_type: "LORA",
      r: 2,
      lora_alpha: 1,
      target_modules: ["q_proj", "v_proj", "down_proj"],
    });
  });

  it("shares the file of its frozen weights with the checkpoints before it, until they are others", async () => {
    const [first, second, third] = ["first", "second", "third"].map((name) => join(directory, name));
    const model = await adaptedModel(all);
    const trainer = createTrainer(model, { learningRate: 1e-3 });
    await trainer.save(first!, 1);
    await trainer.step(batch);
    await trainer.save(second!, 2);
    const inode = async (path: string) => (await stat(join(path, "weights.safetensors"))).ino;
    expect(await inode(second!)).toBe(await inode(first!));
    await rm(first!, { recursive: true });
    expect(await (await loadModel(second!, { backend: "wasm" })).exportWeights()).toEqual(await model.exportWeights());
    const weights = await model.exportWeights();
    weights["norm"]!.data[0]! += 1;
    await model.importWeights(weights, 3);
    await trainer.save(third!, 3);
    expect(await inode(third!)).not.toBe(await inode(second!));
    expect(await (await loadModel(third!, { backend: "wasm" })).exportWeights()).toEqual(weights);
  });

  it("of weights that were trained before it came has a file of their own", async () => {
    const [before, after] = ["before", "after"].map((name) => join(directory, name));
    const model = tinyModel(shape);
    await saveModel(model, before!);
    await createTrainer(model, { learningRate: 1e-2 }).step(batch);
    await model.adapt(all, movedAdapter(model, all));
    await saveModel(model, after!);
    expect(await (await loadModel(after!, { backend: "wasm" })).exportWeights()).toEqual(await model.exportWeights());
  });

  it("is put fresh on a saved model, once: the model computes what it did", async () => {
    const path = join(directory, "added");
    const model = tinyModel(shape);
    await saveModel(model, path);
    await addAdapter(path, all, 7);
    const adapted = await loadModel(path, { backend: "wasm" });
    expect(adapted.lora).toEqual(all);
    expect(await adapted.score(sequences)).toEqual(await model.score(sequences));
    await adapted.importWeights(movedAdapter(model, all), 1);
    await saveModel(adapted, path);
    await addAdapter(path, all, 8);
    expect(await readWeights(path)).toEqual(await adapted.exportAdapter());
    await expect(addAdapter(path, some, 8)).rejects.toMatchObject({ code: "ERR_LORA_CONFIG" });
  });

  it.each([
    { use_rslora: true },
    { use_dora: true },
    { bias: "all" },
    { target_modules: ["embed_tokens"] },
    { rank_pattern: { q_proj: 4 } },
    { modules_to_save: ["lm_head"] },
    { peft_type: "IA3" },
  ])("is refused where we could not apply it: %o", async (wrong) => {
    const path = join(directory, "foreign");
    await saveModel(await adaptedModel(some), path);
    const file = join(path, "adapter_config.json");
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), ...wrong }));
    await expect(loadModel(path)).rejects.toMatchObject({ code: "ERR_CHECKPOINT_UNSUPPORTED" });
  });
});
