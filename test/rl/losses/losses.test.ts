import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { adamWStep, clipFactor, gradientNorm, learningRateAt, type AdamWState } from "../../../src/rl/losses/adamw.ts";
import { imitationLoss } from "../../../src/rl/losses/imitation.ts";
import { policyMetrics } from "../../../src/rl/losses/metrics.ts";
import { policyLoss } from "../../../src/rl/losses/policy-gradient.ts";
import { goldenAdamW, goldenPolicyGradient, goldenPolicyLoss, type GoldenSample } from "./golden.ts";

beforeAll(async () => {
  await loadBackend("wasm");
});

/** Ratios around and beyond 0.8 and 1.28, for both signs of the advantage; two lengths. */
const samples: GoldenSample[] = [
  {
    advantage: 1.5,
    tokens: [0.5, 0.79, 0.81, 1, 1.27, 1.29, 3].map((ratio, i) => ({
      logprob: -1 - 0.1 * i + Math.log(ratio),
      behaviour: -1 - 0.1 * i,
      reference: -1.3 + 0.05 * i,
    })),
  },
  {
    advantage: -0.7,
    tokens: [0.5, 0.79, 0.81, 1.27, 1.29].map((ratio, i) => ({
      logprob: -2 + Math.log(ratio),
      behaviour: -2,
      reference: -2 + 0.3 * i,
    })),
  },
];
const tokens = samples.flatMap((sample) => sample.tokens.map((token) => ({ ...token, sample })));

function tensors(padding = 0) {
  const pad = (values: number[], filler: number) =>
    tf.tensor1d([...values, ...Array.from({ length: padding }, () => filler)]);
  return {
    logprobs: pad(
      tokens.map((t) => t.logprob),
      -30,
    ),
    old: pad(
      tokens.map((t) => t.behaviour),
      0,
    ),
    advantages: pad(
      tokens.map((t) => t.sample.advantage),
      0,
    ),
    weights: pad(
      tokens.map((t) => 1 / (samples.length * t.sample.tokens.length)),
      0,
    ),
    reference: pad(
      tokens.map((t) => t.reference),
      0,
    ),
  };
}

const number = async (tensor: tf.Tensor) => (await tensor.data())[0]!;

describe("policy loss", () => {
  it.each([
    [0.2, 0.28, 0],
    [0.2, 0.2, 0],
    [0.2, 0.28, 0.01],
    [0.1, 0.5, 1],
  ])(
    "equals the golden value at clip %s / %s and beta %s, padding or not",
    async (clipLow, clipHigh, klCoefficient) => {
      const golden = goldenPolicyLoss(samples, clipLow, clipHigh, klCoefficient);
      for (const padding of [0, 3])
        expect(await number(policyLoss(tensors(padding), { clipLow, clipHigh, klCoefficient }))).toBeCloseTo(golden, 5);
    },
  );

  it("has the golden gradient for every token: zero exactly where the clipped branch is the larger loss", async () => {
    for (const klCoefficient of [0, 0.5]) {
      const inputs = tensors(2);
      const gradient = tf.grad((logprobs: tf.Tensor) =>
        policyLoss({ ...inputs, logprobs: logprobs as tf.Tensor1D }, { clipLow: 0.2, clipHigh: 0.28, klCoefficient }),
      )(inputs.logprobs);
      const values = Array.from(await gradient.data());
      const golden = samples.flatMap((sample, s) =>
        sample.tokens.map((_, t) => goldenPolicyGradient(samples, 0.2, 0.28, klCoefficient, s, t)),
      );
      golden.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 4));
      expect(values.slice(-2).map(Math.abs)).toEqual([0, 0]);
    }
  });

  it("survives a policy that has left its behaviour far behind", async () => {
    const constant = (value: number) => tf.tensor1d(tokens.map(() => value));
    const far = { ...tensors(), logprobs: constant(-1), old: constant(-400) };
    const loss = policyLoss(far, { clipLow: 0.2, clipHigh: 0.28, klCoefficient: 0 });
    expect(Number.isFinite(await number(loss))).toBe(true);
  });
});

describe("imitation loss", () => {
  it("is the mean negative log-probability of unmasked tokens", async () => {
    const logprobs = tf.tensor1d([-1, -2, -3, -99]);
    expect(await number(imitationLoss(logprobs, tf.tensor1d([1 / 3, 1 / 3, 1 / 3, 0])))).toBeCloseTo(2, 6);
  });
});

describe("policy metrics", () => {
  it("count a token as clipped only where clipping takes its gradient away", () => {
    const metrics = policyMetrics(
      {
        logprobs: tokens.map((t) => t.logprob),
        behaviour: tokens.map((t) => t.behaviour),
        old: tokens.map((t) => t.behaviour),
        advantages: tokens.map((t) => t.sample.advantage),
        reference: tokens.map((t) => t.logprob),
      },
      { low: 0.2, high: 0.28 },
    );
    // Positive advantage: 1.29 and 3; negative: 0.5 and 0.79.
    expect(metrics.clipFraction).toBeCloseTo(4 / 12, 12);
    // Ratios sum to 8.66 and 4.66.
    expect(metrics.meanRatio).toBeCloseTo(13.32 / 12, 12);
    const logs = [0.5, 0.79, 0.81, 1, 1.27, 1.29, 3, 0.5, 0.79, 0.81, 1.27, 1.29].reduce(
      (sum, r) => sum + Math.log(r),
      0,
    );
    expect(metrics.approxKl).toBeCloseTo((13.32 - 12 - logs) / 12, 12);
    expect(metrics.referenceKl).toBeCloseTo(0, 12);
  });
});

describe("AdamW", () => {
  it.each(["cpu", "wasm", "torch"] as const)(
    "follows the golden trajectory, with and without decay, on %s",
    async (name) => {
      await loadBackend(name);
      const gradients = [0.3, -0.2, 0.05, 0.4, -1];
      for (const weightDecay of [0.1, 0]) {
        const options = {
          beta1: 0.9,
          beta2: 0.98,
          epsilon: 1e-8,
          weightDecay,
          learningRate: 0.01,
          gradientFactor: 0.5,
        };
        const golden = goldenAdamW(0.5, gradients, {
          rate: 0.01,
          beta1: 0.9,
          beta2: 0.98,
          epsilon: 1e-8,
          decay: weightDecay,
        });
        let state: AdamWState = {
          parameter: tf.tensor2d([[0.5], [0.5]]),
          first: tf.zeros([2, 1]),
          second: tf.zeros([2, 1]),
        };
        for (const [index, gradient] of gradients.entries()) {
          state = adamWStep(state, tf.tensor2d([[2 * gradient], [2 * gradient]]), { ...options, step: index + 1 });
          for (const value of await state.parameter.data()) expect(value).toBeCloseTo(golden[index]!, 6);
        }
      }
    },
  );

  it.each(["wasm", "torch"] as const)("leaves a parameter that somebody else holds as it was, on %s", async (name) => {
    await loadBackend(name);
    const options = {
      beta1: 0.9,
      beta2: 0.98,
      epsilon: 1e-8,
      weightDecay: 0,
      learningRate: 1,
      gradientFactor: 1,
      step: 1,
    };
    const start = () => tf.tensor2d([1, 2, 3, 4], [2, 2]);
    for (const held of [
      tf.clone,
      (x: tf.Tensor) => tf.reshape(x, [4]),
      (x: tf.Tensor) => tf.slice(x, [0, 0], [2, 2]),
    ]) {
      const parameter = start();
      const other = held(parameter);
      const state = { parameter, first: tf.zeros([2, 2]), second: tf.zeros([2, 2]) };
      const after = adamWStep(state, tf.ones([2, 2]), options);
      expect(Array.from(await other.data())).toEqual([1, 2, 3, 4]);
      expect((await after.parameter.data())[0]).toBeCloseTo(0, 5);
    }
  });

  it.each(["cpu", "wasm", "torch"] as const)("measures the norm of all gradients together, on %s", async (name) => {
    await loadBackend(name);
    const many = tf.mul(tf.ones([300, 1000]), 0.01);
    const [norm] = await gradientNorm([many, tf.tensor1d([4]), tf.scalar(-3)]).data();
    expect(norm).toBeCloseTo(Math.sqrt(30 + 25), 2);
  });

  it("clips by the global norm and warms up linearly to a constant", () => {
    expect(clipFactor(0.5, 1)).toBe(1);
    expect(clipFactor(4, 1)).toBeCloseTo(0.25, 6);
    expect([1, 5, 10, 11].map((step) => learningRateAt(step, 1e-3, 10))).toEqual([1e-4, 5e-4, 1e-3, 1e-3]);
    expect(learningRateAt(1, 1e-3, 0)).toBe(1e-3);
  });
});
