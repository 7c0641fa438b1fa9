import { beforeAll, describe, expect, it } from "vitest";
import { truncatedWeights } from "../../../src/rl/advantages/importance.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { policyLoss } from "../../../src/rl/losses/policy-gradient.ts";
import { goldenDecoupled, slope, type DecoupledToken } from "../losses/distillation-golden.ts";

beforeAll(async () => {
  await loadBackend("wasm");
});

/** Ratios to the proximal policy on both sides of the clip, and weights on both sides of the cap, for either sign. */
const tokens: DecoupledToken[] = [1.5, -0.7].flatMap((advantage) =>
  [0.5, 0.79, 0.9, 1.27, 1.29, 3].flatMap((ratio, i) =>
    [0.1, 1, 1.9, 2.5, 40].map((weight) => {
      const proximal = -1 - 0.2 * i;
      return {
        advantage,
        proximal,
        logprob: proximal + Math.log(ratio),
        behaviour: proximal - Math.log(weight),
      };
    }),
  ),
);
const cap = 2;

/** As src/rl/model composes it: the weight in the advantage, the ratio against the proximal policy. */
function loss(logprobs: tf.Tensor1D): tf.Scalar {
  const of = (key: keyof DecoupledToken) => tokens.map((token) => token[key]);
  const weights = truncatedWeights(of("proximal"), of("behaviour"), cap);
  return policyLoss(
    {
      logprobs,
      old: tf.tensor1d(of("proximal")),
      advantages: tf.tensor1d(tokens.map(({ advantage }, t) => advantage * weights[t]!)),
      weights: tf.tensor1d(tokens.map(() => 1 / tokens.length)),
      reference: null,
    },
    { clipLow: 0.2, clipHigh: 0.28, klCoefficient: 0 },
  );
}

describe("truncated importance weights", () => {
  it("are the ratio of proximal to behaviour, cut above the cap and not below", () => {
    // e^(-1 + 2) = e is cut to 2; e^(-2 + 1.5) = e^-0.5 and 1 stay.
    expect(truncatedWeights([-1, -2, -3], [-2, -1.5, -3], 2)).toEqual([2, Math.exp(-0.5), 1]);
    expect(truncatedWeights([-1], [-900], 2)).toEqual([2]);
  });

  it("in the advantage give decoupled PPO's golden loss and gradient", async () => {
    const start = tokens.map(({ logprob }) => logprob);
    const golden = (logprobs: readonly number[]) =>
      goldenDecoupled(
        tokens.map((token, t) => ({ ...token, logprob: logprobs[t]! })),
        0.2,
        0.28,
        cap,
      );
    expect((await loss(tf.tensor1d(start)).data())[0]).toBeCloseTo(golden(start), 5);
    const gradient = await tf
      .grad((x: tf.Tensor) => loss(x as tf.Tensor1D))(tf.tensor1d(start))
      .data();
    start.forEach((_, t) => expect(gradient[t]).toBeCloseTo(slope(golden, start, t), 5));
  });
});
