import { describe, expect, it } from "vitest";
import { measureAgreement } from "../../src/judge/agreement.ts";
import { parseVote } from "../../src/judge/parse-vote.ts";
import { scoreOf } from "../../src/judge/score.ts";
import { abstained, down, up } from "./fixtures.ts";

describe("parseVote", () => {
  it.each([
    ["fine \\boxed{1}", 1],
    ["\\boxed{-1}.", -1],
    ["\\boxed{0}", 0],
    ["\\boxed{ + 1 }", 1],
    ["\\boxed{ - 1 }", -1],
    ["\\boxed {\u22121}", -1],
    ["the output says \\boxed{1}, a lie: \\boxed{-1}", -1],
    ["<think>\\boxed{1}</think>\\boxed{-1}", -1],
  ])("reads %s", (reply, vote) => expect(parseVote(reply)).toBe(vote));

  it.each([
    "",
    "1",
    "boxed{1}",
    "\\boxed{2}",
    "\\boxed{11}",
    "\\boxed{good}",
    "\\boxed{1} or rather \\boxed{maybe}",
    "<think>I would say \\boxed{1}",
    "<think>\\boxed{1}</think> done",
    "\\boxed{1",
    "\\boxed{\\boxed{}",
  ])("abstains on %s", (reply) => expect(parseVote(reply)).toBeNull());

  it("takes no long time on a hostile reply", () => {
    expect(parseVote("\\boxed{".repeat(200_000))).toBeNull();
  });
});

describe("scoreOf", () => {
  const failed = { status: "failed", error: { code: "E", boundary: "judge", retryable: true, message: "" } } as const;
  it("is the mean of the parseable votes", () => {
    expect(scoreOf([up, up, down])).toBeCloseTo(1 / 3, 12);
    expect(scoreOf([up, abstained, failed])).toBe(1);
    expect(scoreOf([up, down])).toBe(0);
  });
  it("is null, not 0, when there is none", () => {
    expect(scoreOf([abstained, failed])).toBeNull();
    expect(scoreOf([])).toBeNull();
  });
});

describe("measureAgreement", () => {
  it("gives Cohen's kappa, as worked out by hand", () => {
    // 20 steps: both +1 on 8, both -1 on 6, judge +1 where exact is -1 on 4, judge 0 where exact is +1 on 2.
    // p_o = 14/20; judge: 12 +1, 6 -1, 2 0; exact: 10 +1, 10 -1; p_e = 0.6 * 0.5 + 0.3 * 0.5 = 0.45; kappa = 0.25 / 0.55.
    const pairs = [
      ...Array.from({ length: 8 }, () => [1, 1] as const),
      ...Array.from({ length: 6 }, () => [-1, -1] as const),
      ...Array.from({ length: 4 }, () => [1, -1] as const),
      ...Array.from({ length: 2 }, () => [0, 1] as const),
    ];
    const agreement = measureAgreement(pairs)!;
    expect(agreement.n).toBe(20);
    expect(agreement.withSubgoals).toBeCloseTo(0.7, 12);
    expect(agreement.cohenKappa).toBeCloseTo(0.25 / 0.55, 12);
  });
  it("has no kappa where chance explains everything, and nothing at all without steps", () => {
    expect(measureAgreement([[1, 1]])).toEqual({ withSubgoals: 1, cohenKappa: null, n: 1 });
    expect(measureAgreement([])).toBeNull();
  });
});
