import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import type {
  ImitationSequence,
  PolicyCall,
  PolicySequence,
  TrainBatch,
  WeightSet,
} from "../../../src/rl/model/contract.ts";
import { createTrainer, loadTrainer } from "../../../src/rl/model/trainer.ts";
import { goldenPolicyLoss } from "../losses/golden.ts";
import { slopeErrors } from "./slope.ts";
import { ids, single, tinyModel } from "./tiny.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-trainer-"));
});
beforeEach(async () => {
  await loadBackend("wasm");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const calls = [5, 17, 9, 2, 26, 11].map((length, i) => ({
  promptTokenIds: ids(`p${i}`, length),
  tokenIds: ids(`t${i}`, 3 + ((i * 5) % 9)),
}));
const sequences: ImitationSequence[] = calls.map(single);
const imitation: TrainBatch = { type: "imitation", sequences };
const random = createRandom("policy");
const policyCalls: PolicyCall[] = calls.map((call, i) => ({
  ...call,
  logprobs: call.tokenIds.map(() => -5.7 + random.next() * 0.6),
  advantage: i % 2 === 0 ? 1 : -0.5,
  temperature: i < 3 ? 1 : 0.8,
  referenceLogprobs: call.tokenIds.map(() => -5.5),
}));
const policySequences: PolicySequence[] = policyCalls.map(single);
const policy: TrainBatch = { type: "policy", sequences: policySequences };

function gap(a: WeightSet, b: WeightSet): number {
  return Math.max(
    ...Object.keys(a).flatMap((k) => Array.from(a[k]!.data, (value, i) => Math.abs(value - b[k]!.data[i]!))),
  );
}

async function oneStep(batch: TrainBatch, options: Partial<Parameters<typeof createTrainer>[1]> = {}) {
  const model = tinyModel();
  const trainer = createTrainer(model, { learningRate: 1e-2, ...options });
  const metrics = await trainer.step(batch);
  const weights = await model.exportWeights();
  trainer.dispose();
  model.dispose();
  return { metrics, weights };
}

describe("a training step", () => {
  it.each([
    ["imitation", imitation, {}],
    ["policy", policy, { klCoefficient: 0.05 }],
  ] as const)(
    "%s: the fused wasm kernels and the composed cpu operations give one loss and one gradient norm",
    async (_, batch, options) => {
      const wasm = await oneStep(batch, options);
      await loadBackend("cpu");
      const cpu = await oneStep(batch, options);
      expect(wasm.metrics.loss).toBeCloseTo(cpu.metrics.loss, 5);
      expect(Math.abs(wasm.metrics.gradientNorm / cpu.metrics.gradientNorm - 1)).toBeLessThan(1e-4);
      expect(wasm.metrics.entropy).toBeCloseTo(cpu.metrics.entropy, 4);
    },
  );

  it("reports the golden loss of what score gives: token mean within a call, then the mean over calls", async () => {
    const model = tinyModel();
    const scores = await model.score(policySequences);
    const samples = policyCalls.map(({ advantage, logprobs, referenceLogprobs }, s) => ({
      advantage,
      tokens: logprobs.map((behaviour, t) => ({
        logprob: scores[s]![t]!,
        behaviour,
        reference: referenceLogprobs![t]!,
      })),
    }));
    const trainer = createTrainer(model, { learningRate: 0, klCoefficient: 0.3 });
    const { loss, policy: report } = await trainer.step(policy);
    expect(loss).toBeCloseTo(goldenPolicyLoss(samples, 0.2, 0.28, 0.3), 4);
    expect(report!.clipFraction).toBeGreaterThan(0);
    const tokens = calls.flatMap(({ tokenIds }) => tokenIds);
    const mean = (await model.score(sequences)).flat().reduce((sum, value) => sum + value, 0) / tokens.length;
    expect((await trainer.step(imitation)).loss).toBeCloseTo(-mean, 5);
  });

  it("its gradient is the slope of its loss: central differences along random directions", async () => {
    for (const error of await slopeErrors(policy)) expect(error).toBeLessThan(0.02);
  });

  it("does not depend on how the batch is cut or ordered", async () => {
    const whole = await oneStep(policy, { microbatchTokens: 100_000 });
    const cut = await oneStep({ type: "policy", sequences: [...policySequences].reverse() }, { microbatchTokens: 40 });
    expect(cut.metrics.loss).toBeCloseTo(whole.metrics.loss, 5);
    expect(Math.abs(cut.metrics.gradientNorm / whole.metrics.gradientNorm - 1)).toBeLessThan(1e-4);
    expect(cut.metrics.policy!.clipFraction).toBeCloseTo(whole.metrics.policy!.clipFraction, 12);
  });

  it("may leave out calls without advantage: with `calls` the gradient stays the same", async () => {
    const idle = single({ ...policyCalls[1]!, advantage: 0 });
    const full = await oneStep({ type: "policy", sequences: [...policySequences, idle, idle] });
    const lean = await oneStep({ type: "policy", sequences: policySequences, calls: policySequences.length + 2 });
    expect(Math.abs(lean.metrics.gradientNorm / full.metrics.gradientNorm - 1)).toBeLessThan(1e-5);
    expect(gap(lean.weights, full.weights)).toBeLessThan(1e-5);
  });

  it("trains a branch as its calls apart, each with its whole prompt: one loss, one gradient", async () => {
    const whole: PolicyCall[] = [];
    const branch: PolicyCall[] = [];
    let before: number[] = [];
    for (const call of [policyCalls[0]!, policyCalls[2]!, policyCalls[3]!]) {
      branch.push(call);
      const promptTokenIds = [...before, ...call.promptTokenIds];
      whole.push({ ...call, promptTokenIds });
      before = [...promptTokenIds, ...call.tokenIds];
    }
    const apart = await oneStep({ type: "policy", sequences: whole.map(single) }, { klCoefficient: 0.1 });
    const joined = await oneStep({ type: "policy", sequences: [{ calls: branch }] }, { klCoefficient: 0.1 });
    expect(joined.metrics.loss).toBeCloseTo(apart.metrics.loss, 5);
    expect(joined.metrics.entropy).toBeCloseTo(apart.metrics.entropy, 5);
    expect(joined.metrics.policy!.approxKl).toBeCloseTo(apart.metrics.policy!.approxKl, 5);
    expect(Math.abs(joined.metrics.gradientNorm / apart.metrics.gradientNorm - 1)).toBeLessThan(1e-4);
    expect(joined.metrics.tokens).toBeLessThan(apart.metrics.tokens);
    const imitated = await oneStep({ type: "imitation", sequences: [{ calls: branch }] });
    const imitatedApart = await oneStep({ type: "imitation", sequences: whole.map(single) });
    expect(imitated.metrics.loss).toBeCloseTo(imitatedApart.metrics.loss, 5);
    expect(gap(imitated.weights, imitatedApart.weights)).toBeLessThan(1e-3);
  });

  it("reports log-probabilities that score reports too, and counts tokens without padding", async () => {
    const model = tinyModel();
    const { meanLogprob, tokens, lossTokens } = await createTrainer(model, { learningRate: 0 }).step(imitation);
    const scores = (await model.score(sequences)).flat();
    expect(meanLogprob).toBeCloseTo(scores.reduce((sum, s) => sum + s, 0) / scores.length, 5);
    expect(lossTokens).toBe(scores.length);
    expect(tokens).toBe(calls.reduce((sum, s) => sum + s.promptTokenIds.length + s.tokenIds.length - 1, 0));
  });

  it("moves a sampled completion up with a positive advantage and down with a negative one", async () => {
    for (const advantage of [1, -1]) {
      const model = tinyModel();
      const trainer = createTrainer(model, { learningRate: 1e-3 });
      const [before] = await model.score([sequences[0]!]);
      await trainer.step({
        type: "policy",
        sequences: [single({ ...calls[0]!, logprobs: before!, advantage, temperature: 1 })],
      });
      const [after] = await model.score([sequences[0]!]);
      const change = after!.reduce((sum, value, i) => sum + value - before![i]!, 0);
      expect(Math.sign(change)).toBe(advantage);
      model.dispose();
    }
  });

  it("on its own fresh samples has ratio 1, no clipping and no divergence", async () => {
    const model = tinyModel();
    const requests = [4, 8, 12].map((length, i) => ({
      promptTokenIds: ids(`r${i}`, length),
      sampling: { temperature: 0.7, maxTokens: 6 },
      random: createRandom(i),
    }));
    const completions = await model.generate(requests);
    const { policy: report } = await createTrainer(model, { learningRate: 0 }).step({
      type: "policy",
      sequences: completions.map(({ tokenIds, logprobs }, i) =>
        single({
          promptTokenIds: requests[i]!.promptTokenIds,
          tokenIds,
          logprobs,
          advantage: 1,
          temperature: 0.7,
        }),
      ),
    });
    expect(report!.meanRatio).toBeCloseTo(1, 4);
    expect(report!.clipFraction).toBe(0);
    expect(report!.approxKl).toBeLessThan(1e-7);
  });

  it("leaks no tensors", async () => {
    const model = tinyModel();
    const trainer = createTrainer(model, { learningRate: 1e-3 });
    await trainer.step(policy);
    await model.generate([{ promptTokenIds: ids("m", 4), sampling: { temperature: 1, maxTokens: 3 }, random }]);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) {
      await trainer.step(policy);
      await trainer.step(imitation);
      await model.score(sequences);
      await model.generate([{ promptTokenIds: ids("m", 4), sampling: { temperature: 1, maxTokens: 3 }, random }]);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ["ERR_BATCH_EMPTY", { type: "imitation", sequences: [] }],
    ["ERR_BATCH_INVALID", { type: "imitation", sequences: [single({ promptTokenIds: [1], tokenIds: [] })] }],
    ["ERR_BATCH_INVALID", { type: "imitation", sequences: [single({ promptTokenIds: [1], tokenIds: [100_000] })] }],
    ["ERR_BATCH_INVALID", { type: "imitation", sequences: [single({ promptTokenIds: ids("l", 48), tokenIds: [1] })] }],
    ["ERR_BATCH_INVALID", { type: "policy", sequences: [single({ ...policyCalls[0]!, logprobs: [-1] })] }],
    ["ERR_BATCH_INVALID", { type: "policy", sequences: [single({ ...policyCalls[0]!, temperature: 0 })] }],
    ["ERR_BATCH_INVALID", { type: "policy", sequences: [single({ ...policyCalls[0]!, advantage: Number.NaN })] }],
  ] as const)("refuses with %s: case %#", async (code, batch) => {
    await expect(oneStep(batch)).rejects.toMatchObject({ code, boundary: "trainer" });
  });

  it("leaves the weights unchanged when the gradient is not finite", async () => {
    const model = tinyModel();
    const weights = await model.exportWeights();
    weights["layers.0.attention.qkv"]!.data[0] = Number.NaN;
    await model.importWeights(weights, 3);
    const trainer = createTrainer(model, { learningRate: 1 });
    await expect(trainer.step(imitation)).rejects.toMatchObject({ code: "ERR_GRADIENT_NOT_FINITE" });
    expect(await model.exportWeights()).toEqual(weights);
    expect(trainer.stepsTaken).toBe(0);
  });

  it("says what would fit when a step does not, leaves the weights unchanged and nothing behind", async () => {
    const model = tinyModel();
    const weights = await model.exportWeights();
    const trainer = createTrainer(model, { learningRate: 1, microbatchTokens: 99 });
    const before = tf.memory().numTensors;
    vi.spyOn(tf.backend(), "write").mockImplementation(() => {
      throw new RangeError("Array buffer allocation failed");
    });
    await expect(trainer.step(imitation)).rejects.toMatchObject({
      code: "ERR_OUT_OF_MEMORY",
      message: expect.stringMatching(
        /unchanged.* training it whole \S+ MiB.* fewer microbatchTokens than 99, or recompute, or an adapter \(model.lora\)$/,
      ),
    });
    vi.restoreAllMocks();
    expect(tf.memory().numTensors).toBe(before);
    expect(await model.exportWeights()).toEqual(weights);
  });
});

describe("a checkpoint", () => {
  it("resumes bit for bit: weights, moments, step count and warm-up", async () => {
    const options = { learningRate: 3e-3, warmupSteps: 6, weightDecay: 0.1 };
    const straight = createTrainer(tinyModel(), options);
    for (let i = 0; i < 3; i++) await straight.step(i % 2 ? policy : imitation);
    const path = join(directory, "resume");
    await straight.save(path, 0);
    const resumed = await loadTrainer(path, options);
    expect(resumed.stepsTaken).toBe(3);
    for (let i = 0; i < 2; i++) expect(await resumed.step(policy)).toEqual(await straight.step(policy));
    expect(gap(await resumed.model.exportWeights(), await straight.model.exportWeights())).toBe(0);
  });

  it("replaces an older one whole and leaves nothing else behind", async () => {
    const path = join(directory, "again");
    const trainer = createTrainer(tinyModel(), { learningRate: 1e-3 });
    await trainer.save(path, 0);
    await trainer.step(imitation);
    await trainer.save(path, 0);
    expect((await loadTrainer(path, { learningRate: 1e-3 })).stepsTaken).toBe(1);
    expect((await readdir(path)).sort()).toEqual([
      "model.json",
      "optimizer.safetensors",
      "trainer.json",
      "weights.safetensors",
    ]);
    expect((await readdir(directory)).filter((name) => name.includes("tmp"))).toEqual([]);
  });
});
