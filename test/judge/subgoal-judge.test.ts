import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { SubgoalState } from "../../src/core/env.ts";
import { createRandom } from "../../src/core/random.ts";
import { createJudge } from "../../src/judge/create-judge.ts";
import { judgeInput, turn } from "./fixtures.ts";

const never = { signal: new AbortController().signal };
const judgeOf = (spec: string, seed = 1) => createJudge(spec, { random: createRandom(seed), clock: systemClock });
const privileged = (before: SubgoalState, after: SubgoalState, submitted = false) => ({
  privileged: { before, after, submitted },
});
const none = { a: false, b: false };
const some = { a: true, b: false };
const all = { a: true, b: true };

describe("the subgoal judge", () => {
  it.each([
    ["progress", privileged(none, some), 1],
    ["a loss", privileged(some, none), -1],
    ["a gain that loses another", privileged(some, { a: false, b: true }), -1],
    ["no change", privileged(some, some), -1],
    ["a submission with everything", privileged(all, all, true), 1],
    ["a submission that reaches the last", privileged(some, all, true), 1],
    ["a premature submission", privileged(none, some, true), -1],
    ["a subgoal that vanished", privileged(all, { a: true }), -1],
    ["an unparseable turn", { ...privileged(none, some), current: turn({ parseError: "no JSON" }) }, -1],
    [
      "an invalid action",
      { ...privileged(none, some), current: turn({ results: [{ callId: "c", status: "invalid_action" }] }) },
      -1,
    ],
  ] as const)("votes on %s", async (_, overrides, value) => {
    await using judge = await judgeOf("subgoal");
    const judgement = await judge.judge(judgeInput(overrides), never);
    expect(judgement).toMatchObject({ judgeId: "subgoal", privileged: true, score: value, hints: [] });
    expect(judgement.votes.map((vote) => vote.status === "vote" && vote.value)).toEqual([value, value, value]);
  });

  it("leaves a step without effect neutral when told so", async () => {
    await using judge = await judgeOf("subgoal:no-progress=0");
    expect((await judge.judge(judgeInput(privileged(some, some)), never)).score).toBe(0);
    expect((await judge.judge(judgeInput(privileged(some, none)), never)).score).toBe(-1);
  });

  it("is not fooled by subgoals named like parts of every object", async () => {
    await using judge = await judgeOf("subgoal");
    expect((await judge.judge(judgeInput(privileged({ a: true }, { a: true, toString: true })), never)).score).toBe(1);
  });

  it("fails, and does not vote 0, where there are no subgoals", async () => {
    await using judge = await judgeOf("subgoal");
    for (const overrides of [{ privileged: null }, privileged({}, {})]) {
      const { score, votes } = await judge.judge(judgeInput(overrides), never);
      expect(score).toBeNull();
      expect(votes).toHaveLength(3);
      expect(votes[0]).toMatchObject({ status: "failed", error: { code: "ERR_JUDGE_NO_SUBGOALS", retryable: false } });
    }
  });

  it("flips each vote apart, at the stated rate, and the same way when asked again", async () => {
    await using judge = await judgeOf("subgoal:flip=0.2");
    await using again = await judgeOf("subgoal:flip=0.2");
    await using other = await judgeOf("subgoal:flip=0.2", 2);
    let flipped = 0;
    let mixed = 0;
    let differs = 0;
    const steps = 2000;
    for (let i = 0; i < steps; i++) {
      const input = judgeInput({ stepId: `g000000.0/${i}`, ...privileged(none, some) });
      const { votes } = await judge.judge(input, never);
      const values = votes.map((vote) => (vote.status === "vote" ? vote.value : 0));
      flipped += values.filter((value) => value === -1).length;
      if (new Set(values).size > 1) mixed++;
      expect((await again.judge(input, never)).votes).toEqual(votes);
      const otherVotes = (await other.judge(input, never)).votes;
      if (JSON.stringify(otherVotes) !== JSON.stringify(votes)) differs++;
    }
    // Of 6000 votes at 0.2, the standard deviation of the rate is 0.0052; four of them on each side.
    expect(flipped / (3 * steps)).toBeGreaterThan(0.179);
    expect(flipped / (3 * steps)).toBeLessThan(0.221);
    // 1 - 0.8^3 - 0.2^3 = 0.48
    expect(mixed / steps).toBeGreaterThan(0.43);
    expect(mixed / steps).toBeLessThan(0.53);
    expect(differs).toBeGreaterThan(0);
  });

  it("cannot flip a neutral vote, and turns every other round at rate 1", async () => {
    await using judge = await judgeOf("subgoal:flip=1,no-progress=0");
    expect((await judge.judge(judgeInput(privileged(some, some)), never)).score).toBe(0);
    expect((await judge.judge(judgeInput(privileged(none, some)), never)).score).toBe(-1);
    expect((await judge.judge(judgeInput(privileged(some, none)), never)).score).toBe(1);
  });
});
