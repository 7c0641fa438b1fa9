import { Worker } from "node:worker_threads";
import { beforeEach, describe, expect, it } from "vitest";
import { childEntry } from "../../../src/core/child-entry.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { loadAddon } from "../../../src/rl/backend/torch/addon.ts";
import type { TorchBackend } from "../../../src/rl/backend/torch/torch-backend.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { ids, single, tinyModel } from "../model/tiny.ts";

const path = childEntry(new URL("../../../src/rl/backend/load-backend.js", import.meta.url));
const native = () => (tf.backend() as TorchBackend).native();

beforeEach(async () => {
  await loadBackend("torch");
});

describe("the torch backend", () => {
  it("leaks nothing over 10,000 steps of a step's kinds of work", async () => {
    const step = () =>
      tf.tidy(() => {
        const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
        const loss = (w: tf.Tensor) => tf.sum(tf.square(tf.softmax(tf.matMul(x, tf.transpose(w as tf.Tensor2D)))));
        const slope = tf.grad(loss)(tf.slice(tf.ones([4, 3]), [1, 0], [2, 3]));
        expect(() => tf.gather(slope, tf.tensor1d([9], "int32"))).toThrow("index 9");
      });
    step();
    const before = native();
    for (let i = 0; i < 10_000; i++) step();
    expect(native()).toEqual(before);
  });

  it("training leaks no tensor and no memory: after many steps it holds what it held after the first", async () => {
    const model = tinyModel();
    const trainer = createTrainer(model, { learningRate: 1e-3 });
    const sequences = [9, 5].map((length) =>
      single({ promptTokenIds: ids("prompt", length), tokenIds: ids("completion", 13 - length) }),
    );
    await trainer.step({ type: "imitation", sequences });
    const before = native();
    for (let i = 0; i < 300; i++) await trainer.step({ type: "imitation", sequences });
    expect(native()).toEqual(before);
    trainer.dispose();
    model.dispose();
  });

  it("frees shared memory with the last that looks at it", () => {
    const start = native().bytes;
    const whole = tf.zeros([1000, 100]);
    const part = tf.slice(whole, [10, 0], [1, 100]);
    whole.dispose();
    expect(native().bytes - start).toBe(400_000);
    part.dispose();
    expect(native().bytes).toBe(start);
  });

  it("takes tensors over from another backend, in whatever shapes they share their data", async () => {
    await loadBackend("wasm");
    const flat = tf.tensor1d([1, 2, 3, 4, 5, 6]);
    const square = tf.reshape(flat, [2, 3]);
    await loadBackend("torch");
    expect(Array.from(await tf.sum(square, 0).data())).toEqual([5, 7, 9]);
    expect(Array.from(await tf.mul(flat, 2).data())).toEqual([2, 4, 6, 8, 10, 12]);
  });

  it("refuses what it cannot hold, and goes on", async () => {
    expect(() => tf.tensor(["text"])).toThrow(/float32, int32 and bool, not string/);
    expect(() => tf.zeros([1, 1, 1, 1, 1, 1, 1, 1, 2])).toThrow();
    expect(() => tf.matMul(tf.zeros([2, 2]), tf.zeros([2, 2])).reshape([7])).toThrow();
    expect(() => tf.concat(Array.from({ length: 1100 }, () => tf.zeros([1])))).toThrow(/too many/);
    expect(Array.from(await tf.add(1, 2).data())).toEqual([3]);
  });

  it("takes bfloat16 products by request: close, and not the same", async () => {
    const a = tf.randomUniform<tf.Rank.R2>([64, 64], -1, 1, "float32", 1);
    const product = async () => Array.from(await tf.tidy(() => tf.matMul(a, a, false, true)).data());
    const exact = await product();
    loadAddon({ device: "cpu", precision: "bf16" });
    const rough = await product();
    loadAddon({ device: "cpu" });
    const largest = Math.max(...exact.map((value, i) => Math.abs(value - rough[i]!)));
    expect(largest).toBeGreaterThan(1e-4);
    expect(largest).toBeLessThan(0.2);
    expect(await product()).toEqual(exact);
  });

  it.each([
    [{ device: "tpu" }, /device/i],
    [{ device: "cuda" }, /sees no CUDA device/],
    [{ threads: 0 }, /threads/],
    [{ threads: Number.NaN }, /threads/],
    [{ precision: "float8" as "bf16" }, /precision/],
  ])("refuses a setting that it cannot keep: %j", (settings, why) => {
    expect(() => loadAddon({ device: "cpu", ...settings })).toThrow(why);
  });

  it("computes in worker threads, each with tensors of its own", async () => {
    const sums = await Promise.all(
      [1, 2, 3].map(
        (factor) =>
          new Promise<number>((resolve, reject) => {
            const worker = new Worker(new URL("programs/torch-worker.mjs", import.meta.url), {
              workerData: { factor, path },
            });
            worker.once("message", resolve);
            worker.once("error", reject);
          }),
      ),
    );
    expect(sums).toEqual([300, 600, 900]);
  });
});
