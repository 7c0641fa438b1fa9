/** Expected numbers are worked out by hand in the comments. */
import { describe, expect, it } from "vitest";
import { combinedAdvantages } from "../../../src/rl/advantages/combined.ts";

const both = { rewardWeight: 1, teacherWeight: 1 };

describe("combined advantages", () => {
  it("add the teacher's gap at each token to the call's reward", () => {
    // -0.5 + 1.5 = 1 and -2 + 0.25 = -1.75, each beside a reward of 1.
    const inputs = { reward: 1, teacher: [-0.5, -2], old: [-1.5, -0.25] };
    expect(combinedAdvantages(inputs, both)).toEqual([2, -0.75]);
    expect(combinedAdvantages(inputs, { rewardWeight: 0.5, teacherWeight: 2 })).toEqual([2.5, -3]);
  });

  it("are distillation alone at rewardWeight 0, and do not clip the gap", () => {
    const inputs = { reward: 1, teacher: [-0.25, -30], old: [-8, -0.5] };
    expect(combinedAdvantages(inputs, { ...both, rewardWeight: 0 })).toEqual([7.75, -29.5]);
  });

  it("are the reward's alone where nobody taught: no pull to a teacher that was not asked", () => {
    expect(combinedAdvantages({ reward: -1, teacher: null, old: [-8, -0.5] }, both)).toEqual([-1, -1]);
  });
});
