import { describe, expect, it } from "vitest";
import { hasFusedKernel } from "../../../src/rl/backend/fused-kernels.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { causalAttention, rmsNorm, swiglu } from "../../../src/rl/model/ops.ts";
import { ropeTables } from "../../../src/rl/model/rope.ts";
import { copyLogprobs, tokenLogprobs } from "../../../src/rl/model/token-logprobs.ts";
import { distance, noise, onBackends } from "./on-backends.ts";

/** Value and gradients of sum(f * fixed noise), so that every output element counts differently. */
function withGradients(f: (...inputs: any[]) => tf.Tensor, inputs: tf.Tensor[]): tf.Tensor[] {
  const value = f(...inputs);
  const weight = noise("output weight", value.shape);
  return [value, ...tf.grads((...xs: tf.Tensor[]) => tf.sum(tf.mul(f(...xs), weight)))(inputs)];
}

/** Of noise, its width fixed by the head size. */
function attend(qkv: tf.Tensor2D, batch: number, time: number, heads: number, kvHeads: number): tf.Tensor2D {
  const headSize = qkv.shape[1] / (heads + 2 * kvHeads);
  const { cos, sin } = ropeTables({ headSize, maxContext: time, ropeBase: 10_000, ropeScaling: null });
  const table = (values: Float32Array) => tf.tensor2d(values, [time, headSize / 2]);
  return causalAttention(qkv, { cos: table(cos), sin: table(sin) }, { batch, time, heads, kvHeads });
}

describe("fused kernels", () => {
  it("are used on wasm and not on cpu", async () => {
    await loadBackend("wasm");
    expect([hasFusedKernel("attention"), hasFusedKernel("rmsNorm"), hasFusedKernel("swiglu")]).toEqual([
      true,
      true,
      true,
    ]);
    await loadBackend("cpu");
    expect(hasFusedKernel("attention")).toBe(false);
  });

  it.each([
    ["rmsNorm", () => withGradients((x, w) => rmsNorm(x, w, 1e-5), [noise("x", [7, 12]), noise("w", [12])])],
    [
      "rmsNorm, large epsilon",
      () => withGradients((x, w) => rmsNorm(x, w, 0.5), [noise("x", [7, 12]), noise("w", [12])]),
    ],
    ["swiglu", () => withGradients(swiglu, [noise("gate", [5, 9]), noise("up", [5, 9])])],
    ["attention", () => withGradients((x) => attend(x, 3, 11, 2, 2), [noise("qkv", [33, 48])])],
    ["attention over one position", () => withGradients((x) => attend(x, 2, 1, 4, 4), [noise("qkv", [2, 48])])],
    ["attention, two heads to a key", () => withGradients((x) => attend(x, 2, 11, 4, 2), [noise("qkv", [22, 48])])],
    ["attention, one key for all", () => withGradients((x) => attend(x, 3, 7, 6, 1), [noise("qkv", [21, 48])])],
    ["attention, heads of two", () => withGradients((x) => attend(x, 2, 5, 3, 1), [noise("qkv", [10, 10])])],
  ])("%s: value and gradients equal the composed form's", async (_, body) => {
    const { cpu, ...others } = await onBackends(body);
    for (const result of Object.values(others)) expect(distance(cpu, result)).toBeLessThan(2e-6);
  });

  it.each([
    ["at temperature 1", null, 40],
    ["tempered", Float32Array.of(1, 0.5, 2, 1, 1.25, 3), 40],
    ["of two words", null, 2],
  ] as const)(
    "log-probabilities and entropy of taken tokens equal the composed form's, %s",
    async (_, inverse, words) => {
      const targets = Int32Array.of(3, 39, 0, 7, 7, 21).map((id) => id % words);
      const { cpu, ...others } = await onBackends(() => {
        const logits = tf.mul<tf.Tensor2D>(noise("logits", [6, words]), 4);
        const of = (logits: tf.Tensor) => tokenLogprobs({ logits: logits as tf.Tensor2D, targets, inverse });
        const result = of(logits);
        return [result.logprobs, result.entropy, result.logs(), ...withGradients((x) => of(x).logprobs, [logits])];
      });
      for (const result of Object.values(others)) expect(distance(cpu, result)).toBeLessThan(2e-6);
    },
  );

  it.each([
    ["at temperature 1", null],
    ["tempered", Float32Array.of(1, 0.5, 2, 1, 1.25, 3)],
  ] as const)("a copy head's mixture, its entropy and gradients equal the composed form's, %s", async (_, inverse) => {
    const targets = Int32Array.of(3, 9, 0, 7, 7, 1);
    // Two sequences of five positions, three of which predict; tokens stand there more than once.
    const tokens = Int32Array.of(7, 3, 7, 1, 2, 9, 9, 0, 7, 1);
    const rows = Int32Array.of(1, 3, 4, 5, 7, 9);
    const { cpu, ...others } = await onBackends(() => {
      const logits = tf.mul(noise("logits", [6, 11]), 4);
      const scores = tf.mul(noise("scores", [2, 3, 5]), 3);
      const gates = tf.add(tf.mul(noise("gates", [6]), 0.45), 0.5);
      const of = (...[logits, scores, gates]: tf.Tensor[]) =>
        copyLogprobs({
          logits: logits as tf.Tensor2D,
          scores: scores as tf.Tensor3D,
          gates: gates as tf.Tensor1D,
          targets,
          inverse,
          tokens,
          rows,
          scale: 0.7,
        });
      const result = of(logits, scores, gates);
      return [
        result.logprobs,
        result.entropy,
        result.logs(),
        ...withGradients((...x) => of(...x).logprobs, [logits, scores, gates]),
      ];
    });
    for (const result of Object.values(others)) expect(distance(cpu, result)).toBeLessThan(4e-6);
  });

  it("refuse what would read beyond their inputs, and say of what shapes", async () => {
    await loadBackend("torch");
    const logits = tf.zeros<tf.Rank.R2>([2, 5]);
    expect(() => tokenLogprobs({ logits, targets: Int32Array.of(0, 5), inverse: null })).toThrow(
      /TokenLogprobs of \[2,5\], \[2\] int32, \[2\]: .*target/,
    );
    expect(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([2, 3]))).toThrow();
    expect(() => tf.gather(logits, tf.tensor1d([2], "int32"))).toThrow(/GatherV2 of \[2,5\], \[1\] int32: index 2/);
  });

  it("attention never looks ahead: a later token changes no earlier row", async () => {
    await loadBackend("wasm");
    const rows = (last: number) =>
      tf.tidy(() => {
        const qkv = noise("qkv", [9, 24]);
        const changed = tf.concat([tf.slice(qkv, [0, 0], [8, 24]), tf.mul(tf.ones([1, 24]), last)]);
        return attend(changed as tf.Tensor2D, 1, 9, 2, 2);
      });
    const [a, b] = [rows(1), rows(-1)];
    const [x, y] = [await a.data(), await b.data()];
    expect(x.slice(0, 64)).toEqual(y.slice(0, 64));
    expect(x.slice(64)).not.toEqual(y.slice(64));
  });
});

describe("repaired wasm kernels", () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("a matrix product with transposes (%s, %s) equals the cpu's, with and without batches", async (ta, tb) => {
    const { cpu, wasm } = await onBackends(() => {
      const a = noise("a", ta ? [3, 5, 19] : [3, 19, 5]);
      const b = noise("b", tb ? [3, 17, 5] : [3, 5, 17]);
      const one = tf.slice(b, [0, 0, 0], [1, -1, -1]);
      return [
        tf.matMul(a, b, ta, tb),
        tf.matMul(a, one, ta, tb),
        tf.matMul(tf.squeeze(tf.slice(a, 0, 1), [0]), tf.squeeze(one, [0]), ta, tb),
      ];
    });
    expect(distance(cpu, wasm)).toBeLessThan(1e-5);
  });

  it("a product with new values in a new tensor does not reuse the old tensor's packed form", async () => {
    await loadBackend("wasm");
    const x = tf.ones<tf.Rank.R2>([2, 2]);
    for (let i = 1; i < 20; i++) {
      const weight = tf.mul<tf.Tensor2D>(tf.ones([2, 2]), i);
      const y = tf.matMul(x, weight);
      expect(Array.from(await y.data())).toEqual([2 * i, 2 * i, 2 * i, 2 * i]);
      tf.dispose([weight, y]);
    }
  });

  it("the gradient of gather sums repeated rows", async () => {
    const { cpu, wasm } = await onBackends(() => {
      const table = noise("table", [4, 3]) as tf.Tensor2D;
      const rows = tf.tensor1d([2, 0, 2, 2], "int32");
      return [tf.grad((t: tf.Tensor) => tf.sum(tf.mul(tf.gather(t, rows), noise("g", [4, 3]))))(table)];
    });
    expect(distance(cpu, wasm)).toBeLessThan(1e-6);
    expect(wasm[0]!.values.slice(3, 6)).toEqual([0, 0, 0]);
  });

  it("splits along any axis, into equal and unequal parts", async () => {
    const { cpu, wasm } = await onBackends(() => {
      const x = noise("x", [6, 4]);
      return [
        ...tf.split(x, [1, 3, 2], 0),
        ...tf.split(x, 3, 0),
        ...tf.split(x, [1, 3], 1),
        ...tf.split(x, [2, -1], 0),
      ];
    });
    expect(distance(cpu, wasm)).toBe(0);
  });

  it("heap growth in the middle of a kernel loses nothing", async () => {
    await loadBackend("wasm");
    // Far beyond the 16 MB the module starts with.
    const value = tf.tidy(() => {
      const big = [tf.ones([1024, 1024]), tf.ones([1024, 1024]), tf.ones([1024, 1024])];
      const products = big.map((m) => tf.matMul(m as tf.Tensor2D, tf.ones([1024, 512]), true, false));
      return tf.sum(tf.addN(products));
    });
    expect((await value.data())[0]).toBe(3 * 1024 * 1024 * 512);
  });
});
