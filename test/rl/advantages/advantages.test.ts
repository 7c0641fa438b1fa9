/** Expected numbers are worked out by hand in the comments. */
import { describe, expect, it } from "vitest";
import type { Vote, VoteValue } from "../../../src/core/judge.ts";
import { binaryAdvantages, majorityVote, meanVote } from "../../../src/rl/advantages/binary.ts";
import { groupAdvantages, type AttemptRewards } from "../../../src/rl/advantages/stepwise.ts";

const vote = (value: VoteValue): Vote => ({ status: "vote", value, text: "" });
const abstained: Vote = { status: "abstained", text: "?" };
const failed: Vote = {
  status: "failed",
  error: { code: "ERR", boundary: "judge", retryable: false, message: "gone" },
};
const attempt = (outcome: number | null, ...prm: (number | null)[]): AttemptRewards => ({
  outcome,
  steps: prm.map((value) => ({ prm: value })),
});

describe("majority vote", () => {
  it.each([
    [[vote(1), vote(-1), vote(0)], 0],
    [[vote(1), vote(1), vote(-1)], 1],
    [[vote(1), abstained, abstained], 1],
    [[vote(1), vote(-1)], 0],
    [[vote(-1), vote(-1), failed], -1],
    [[vote(0), vote(0), vote(1)], 0],
    [[abstained, failed], null],
    [[], null],
  ])("case %#: ties are neutral, and nothing parseable is null", (votes, expected) => {
    expect(majorityVote(votes)).toBe(expected);
  });

  it("an abstention and a failure weigh nothing in the mean", () => {
    expect(meanVote([vote(1), vote(-1), vote(1), abstained, failed])).toBeCloseTo(1 / 3, 15);
    expect(meanVote([failed])).toBeNull();
    expect(binaryAdvantages([[vote(1)], [abstained]])).toEqual([1, null]);
  });
});

describe("step-wise group advantages", () => {
  it("normalises a mixed bucket by its population standard deviation", () => {
    // Returns 2, 0, 1, 1: mean 1, variance (1 + 1 + 0 + 0) / 4, deviation sqrt(1/2).
    const { advantages, returns, counts } = groupAdvantages([
      attempt(1, 1),
      attempt(0, 0),
      attempt(1, 0),
      attempt(0, 1),
    ]);
    expect(returns.flat()).toEqual([2, 0, 1, 1]);
    const unit = 1 / (Math.SQRT1_2 + 1e-6);
    expect(advantages.flat()).toEqual([unit, -unit, 0, 0]);
    expect(counts).toMatchObject({ steps: 4, buckets: 1, constantBuckets: 0, singletonBuckets: 0 });
  });

  it("compares step with step, not attempt with attempt", () => {
    // Step 0: returns 1 + 1 and 1 - 1; step 1: both 1 + 0.5, constant.
    const { advantages, counts } = groupAdvantages([attempt(1, 1, 0.5), attempt(1, -1, 0.5)], { normalise: false });
    expect(advantages).toEqual([
      [1, 0],
      [-1, 0],
    ]);
    expect(counts.constantBuckets).toBe(1);
  });

  it("gives zero to a constant bucket, also where rounding makes its values differ", () => {
    const { advantages, counts } = groupAdvantages([attempt(0.1, 0.2), attempt(0.3, 0), attempt(0.2, 0.1)]);
    expect(advantages.flat()).toEqual([0, 0, 0]);
    expect(counts.constantBuckets).toBe(1);
  });

  it("gives a step alone in its bucket the other attempts' mean as baseline", () => {
    // Attempt means: a (1+1, 0+1, so 1.5), b 0, c 1. Step 1 of a is alone: 1 - (0 + 1) / 2 = 0.5.
    const group = [attempt(1, 1, 0), attempt(0, 0), attempt(1, 0)];
    const raw = groupAdvantages(group, { normalise: false });
    expect(raw.advantages[0]![1]).toBeCloseTo(0.5, 15);
    expect(raw.counts).toMatchObject({ singletonBuckets: 1, unbasedSingletons: 0, buckets: 2 });
    // Scale: deviation of {0, 1, 1} = sqrt(2) / 3.
    const scaled = groupAdvantages(group);
    expect(scaled.advantages[0]![1]).toBeCloseTo(0.5 / (Math.SQRT2 / 3 + 1e-6), 12);
  });

  it("gives zero where there is no other attempt, and counts it", () => {
    const { advantages, counts } = groupAdvantages([attempt(1, 1, 1)]);
    expect(advantages).toEqual([[0, 0]]);
    expect(counts.unbasedSingletons).toBe(2);
  });

  it("trains on the outcome alone where a step has no vote, and omits a step with neither", () => {
    const { returns, advantages, counts } = groupAdvantages([attempt(1, null), attempt(0, 0.5), attempt(null, null)]);
    expect(returns).toEqual([[1], [0.5], [null]]);
    // Mean 0.75, deviation 0.25.
    expect(advantages[0]![0]).toBeCloseTo(0.25 / (0.25 + 1e-6), 12);
    expect(advantages[2]).toEqual([null]);
    expect(counts).toMatchObject({ unjudgedSteps: 2, omittedSteps: 1 });
  });

  it("at prmWeight 0 is the outcome alone, and says that nothing was judged", () => {
    const { returns, counts } = groupAdvantages([attempt(1, -1), attempt(0, 1)], { prmWeight: 0 });
    expect(returns).toEqual([[1], [0]]);
    expect(counts.unjudgedSteps).toBe(2);
  });

  it("handles an empty group and attempts without steps", () => {
    expect(groupAdvantages([]).advantages).toEqual([]);
    expect(groupAdvantages([attempt(1), attempt(0, 1)]).advantages).toEqual([[], [0]]);
  });
});
