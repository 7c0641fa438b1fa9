import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend, probeBackends } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import type { PolicyCall, TrainBatch } from "../../../src/rl/model/contract.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { ids, single, tinyModel } from "../model/tiny.ts";
import { itStopsAtNotANumber } from "./not-a-number.ts";
import { noWebgpu, useSoftwareVulkan } from "./software-vulkan.ts";

// A CPU that stands in for a GPU, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const dist = new URL("../../../dist/rl/backend/load-backend.js", import.meta.url).href;
const program = (name: string) => new URL(`programs/${name}`, import.meta.url);
const run = promisify(execFile);

const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.endsWith("dawn.node"));

describe.skipIf(noWebgpu !== null)(`webgpu${noWebgpu === null ? "" : `: ${noWebgpu}`}`, () => {
  beforeAll(useSoftwareVulkan);

  it("is not loaded by a run on another backend", async () => {
    await loadBackend("wasm");
    await loadBackend("cpu");
    expect(loaded()).toEqual([]);
  });

  it("adds five names to the global scope, and no navigator", async () => {
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    const navigator = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    await loadBackend("webgpu");
    expect(loaded()).toHaveLength(1);
    const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
    expect(added.sort()).toEqual(["GPUBuffer", "GPUBufferUsage", "GPUMapMode", "GPUTexture", "GPUTextureUsage"]);
    expect(Object.getOwnPropertyDescriptor(globalThis, "navigator")).toEqual(navigator);
  });

  it("in software is taken when asked for by name, and passed over by auto", async () => {
    expect(await loadBackend("webgpu")).toMatchObject({
      name: "webgpu",
      device: expect.stringMatching(/swiftshader/i),
    });
    expect((await probeBackends()).find(({ name }) => name === "webgpu")).toMatchObject({
      reason: expect.stringContaining("software"),
    });
  });

  it("fails every read after what the device could not do, until who was told starts it anew", async () => {
    // WebGPU itself would give zeros.
    const { stdout } = await run(process.execPath, [program("webgpu-too-large.mjs").pathname, dist]);
    const tooLarge = expect.stringMatching(/the GPU could not go on: Buffer size \(2147483648\) exceeds/);
    expect(stdout.trim().split("\n")).toEqual([tooLarge, "webgpu", "4", tooLarge]);
  });

  it("lets its process end in the middle of a computation", async () => {
    // Without its care at the exit about one in three of these crashes.
    for (let i = 0; i < 3; i++) await run(process.execPath, [program("webgpu-exit.mjs").pathname, dist]);
  });

  it("computes in worker threads, two at a time, which end by themselves", async () => {
    const work = () =>
      new Promise((resolve, reject) => {
        let values: unknown;
        const worker = new Worker(program("webgpu-worker.mjs"), { workerData: dist });
        worker.once("message", (message) => (values = message));
        worker.once("error", reject);
        worker.once("exit", () => resolve(values));
      });
    expect(await Promise.all([work(), work()])).toEqual([Array(6).fill(5), Array(6).fill(5)]);
  });
});

const random = createRandom("policy on webgpu");
const calls = [5, 9, 2].map((length, i) => ({ promptTokenIds: ids(`p${i}`, length), tokenIds: ids(`t${i}`, 3 + i) }));
const policyCalls: PolicyCall[] = calls.map((call, i) => ({
  ...call,
  logprobs: call.tokenIds.map(() => -5.7 + random.next() * 0.6),
  advantage: i % 2 === 0 ? 1 : -0.5,
  temperature: i < 2 ? 1 : 0.8,
  referenceLogprobs: call.tokenIds.map(() => -5.5),
}));

const imitation: TrainBatch = { type: "imitation", sequences: calls.map(single) };
const policy: TrainBatch = { type: "policy", sequences: policyCalls.map(single) };

describe.skipIf(noWebgpu !== null)("a tiny model on webgpu", () => {
  beforeAll(useSoftwareVulkan);

  it.each([
    ["imitation", imitation],
    ["policy", policy],
  ])("trains by %s with the cpu's losses, step for step", async (_, batch) => {
    const steps = async (backend: "webgpu" | "cpu") => {
      await loadBackend(backend);
      const model = tinyModel();
      const trainer = createTrainer(model, { learningRate: 1e-2, klCoefficient: 0.05 });
      const metrics = [await trainer.step(batch), await trainer.step(batch)];
      trainer.dispose();
      model.dispose();
      return metrics;
    };
    const [webgpu, cpu] = [await steps("webgpu"), await steps("cpu")];
    expect(webgpu[1]!.loss).toBeLessThan(webgpu[0]!.loss);
    webgpu.forEach(({ loss, gradientNorm, entropy }, i) => {
      expect(loss).toBeCloseTo(cpu[i]!.loss, 4);
      expect(Math.abs(gradientNorm / cpu[i]!.gradientNorm - 1)).toBeLessThan(1e-3);
      expect(entropy).toBeCloseTo(cpu[i]!.entropy, 4);
    });
  });

  it("decodes the cpu's tokens, and scores them alike", async () => {
    const decode = async (backend: "webgpu" | "cpu") => {
      await loadBackend(backend);
      const model = tinyModel({ layers: 1 });
      const requests = [3, 8].map((length, i) => ({
        promptTokenIds: ids(`r${i}`, length),
        sampling: { temperature: 1, maxTokens: 3 },
        random: createRandom(i),
      }));
      const completions = await model.generate(requests);
      const scores = await model.score(completions.map(({ tokenIds }, i) => single({ ...requests[i]!, tokenIds })));
      model.dispose();
      return { tokens: completions.map(({ tokenIds }) => tokenIds), scores: scores.flat(), completions };
    };
    const [webgpu, cpu] = [await decode("webgpu"), await decode("cpu")];
    expect(webgpu.tokens).toEqual(cpu.tokens);
    webgpu.scores.forEach((score, i) => expect(score).toBeCloseTo(cpu.scores[i]!, 4));
    webgpu.completions
      .flatMap(({ logprobs }) => logprobs)
      .forEach((logprob, i) => expect(logprob).toBeCloseTo(webgpu.scores[i]!, 4));
  });

  describe("training", () => {
    beforeAll(async () => {
      await loadBackend("webgpu");
    });
    itStopsAtNotANumber();
  });

  it("leaks no tensors and no memory of the device over a training step", async () => {
    await loadBackend("webgpu");
    const model = tinyModel();
    const trainer = createTrainer(model, { learningRate: 1e-3 });
    const bytes = () => (tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU;
    await trainer.step(imitation);
    await trainer.step(imitation);
    const before = { tensors: tf.memory().numTensors, bytes: bytes() };
    await trainer.step(imitation);
    expect({ tensors: tf.memory().numTensors, bytes: bytes() }).toEqual(before);
  });
});
