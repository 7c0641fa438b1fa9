import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { supportAdvantages } from "../../../src/rl/advantages/support.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { hybridLoss } from "../../../src/rl/losses/hybrid.ts";
import { gatherSupport } from "../../../src/rl/model/support.ts";
import { goldenHybrid, likeliest, probabilities, slope, type HybridToken } from "./distillation-golden.ts";

beforeAll(async () => {
  await loadBackend("wasm");
});

const random = createRandom("hybrid");
const around = (center: readonly number[], spread: number) =>
  center.map((value) => value + spread * (2 * random.next() - 1));
const flat = Array.from({ length: 8 }, () => 0);
/** The policy has moved little, or far enough to be clipped on either side; teachers within and beyond the gap clip. */
const tokens: HybridToken[] = [0.1, 0.6, 1.2, 0.6].map((moved, i) => {
  const old = around(flat, 1.5);
  return {
    old,
    current: around(old, moved),
    teacher: around(old, i === 3 ? 4 : 0.8),
    support: likeliest(old, 4),
  };
});
const weights = [0.4, 0.3, 0.2, 0.1];
const clip = { clipLow: 0.2, clipHigh: 0.28 };
const logs = (all: readonly number[], ids: readonly number[]) => ids.map((id) => Math.log(probabilities(all)[id]!));

function loss(logits: tf.Tensor2D, gapClip: number): tf.Scalar {
  const old = tokens.map(({ old, support }) => logs(old, support));
  const advantages = tokens.map(({ teacher, support }, i) =>
    supportAdvantages(logs(teacher, support), old[i]!, gapClip),
  );
  return hybridLoss(
    {
      logprobs: gatherSupport(tf.logSoftmax(logits), Int32Array.from(tokens.flatMap(({ support }) => support))),
      old: tf.tensor2d(old),
      advantages: tf.tensor2d(advantages),
      weights: tf.tensor1d(weights),
    },
    clip,
  );
}

describe("the hybrid objective's distillation loss", () => {
  it.each([1, 2, 0.25])("is the golden value at gap clip %s", async (gapClip) => {
    const golden = tokens.reduce((sum, token, i) => sum + weights[i]! * goldenHybrid(token, gapClip, 0.2, 0.28), 0);
    expect((await loss(tf.tensor2d(tokens.map((t) => [...t.current])), gapClip).data())[0]).toBeCloseTo(golden, 5);
  });

  it("has the golden gradient at every logit of the vocabulary, the softmax weights held fixed", async () => {
    const gradient = (await tf
      .grad((x: tf.Tensor) => loss(x as tf.Tensor2D, 1))(tf.tensor2d(tokens.map((t) => [...t.current])))
      .array()) as number[][];
    tokens.forEach((token, i) => {
      token.current.forEach((_, id) => {
        const numeric = slope((current) => goldenHybrid({ ...token, current }, 1, 0.2, 0.28), token.current, id);
        expect(gradient[i]![id]! / weights[i]!).toBeCloseTo(numeric, 4);
      });
    });
  });

  it("by hand: an unmoved policy loses the weighted gap, and a clipped id has no gradient", async () => {
    // Old (1/2, 1/4) weigh 2/3 and 1/3; gaps ln 1.2 and ln 0.5: loss -(2/3 ln 1.2 + 1/3 ln 0.5).
    const old = [Math.log(1 / 2), Math.log(1 / 4)];
    const advantages = supportAdvantages([Math.log(0.6), Math.log(0.125)], old, 1);
    expect(advantages[0]).toBeCloseTo((2 / 3) * Math.log(1.2), 12);
    expect(advantages[1]).toBeCloseTo((1 / 3) * Math.log(0.5), 12);
    const inputs = { old: tf.tensor2d([old]), advantages: tf.tensor2d([advantages]), weights: tf.tensor1d([1]) };
    const at = (current: number[]) => hybridLoss({ ...inputs, logprobs: tf.tensor2d([current]) }, clip);
    expect((await at(old).data())[0]).toBeCloseTo(-(2 / 3) * Math.log(1.2) - (1 / 3) * Math.log(0.5), 6);
    const gradientAt = async (ratios: number[]) => {
      const current = old.map((logprob, v) => logprob + Math.log(ratios[v]!));
      const gradient = tf.grad((x: tf.Tensor) => hybridLoss({ ...inputs, logprobs: x as tf.Tensor2D }, clip));
      return Array.from(await gradient(tf.tensor2d([current])).data(), (value) => value + 0);
    };
    // The first is wanted more, the second less: each is clipped only where it has gone far enough its own way.
    expect(await gradientAt([1.29, 0.79])).toEqual([0, 0]);
    const [up, down] = await gradientAt([1.27, 0.81]);
    expect(up).toBeCloseTo(-1.27 * advantages[0]!, 5);
    expect(down).toBeCloseTo(-0.81 * advantages[1]!, 5);
    const [far, near] = await gradientAt([0.5, 3]);
    expect(far).toBeCloseTo(-0.5 * advantages[0]!, 5);
    expect(near).toBeCloseTo(-3 * advantages[1]!, 5);
  });
});

describe("advantages on a support", () => {
  it("clip the gap at C on both sides before weighing it, and weights sum to 1", () => {
    const old = [-1, -2, -3];
    const advantages = supportAdvantages([4, -12, -2.5], old, 1);
    const masses = old.map((logprob) => Math.exp(logprob));
    const total = masses[0]! + masses[1]! + masses[2]!;
    expect(advantages[0]).toBeCloseTo(masses[0]! / total, 12);
    expect(advantages[1]).toBeCloseTo(-masses[1]! / total, 12);
    expect(advantages[2]).toBeCloseTo((0.5 * masses[2]!) / total, 12);
  });

  it("are none on an empty support", () => {
    expect(supportAdvantages([], [], 1)).toEqual([]);
  });
});
