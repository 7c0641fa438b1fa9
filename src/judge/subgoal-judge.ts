/**
 * The task's own checks as a judge. Privileged: it sees what no policy sees, and says so in every judgement.
 * With `flip`, each vote is turned round independently: a stand-in for an imperfect judge with a known error rate.
 */
import type { Clock } from "../core/clock.ts";
import { JudgeError, toErrorRecord } from "../core/errors.ts";
import type { Judge, JudgeInput, Vote, VoteValue } from "../core/judge.ts";
import type { Random } from "../core/random.ts";
import { scoreOf } from "./score.ts";
import { formatJudgeSpec, type JudgeSpec } from "./spec.ts";
import { subgoalVote } from "./subgoal-vote.ts";

/** @param random its seed and the step id alone decide which votes flip, so judging again gives the same. */
export function createSubgoalJudge(
  spec: Extract<JudgeSpec, { kind: "subgoal" }>,
  { random, clock }: { readonly random: Random; readonly clock: Clock },
): Judge {
  const id = formatJudgeSpec(spec);
  const version = "1";
  return {
    id,
    version,
    privileged: true,
    async judge(input, { signal }) {
      signal.throwIfAborted();
      const startedMs = clock.monotonic();
      const votes = votesFor(input, spec, random);
      return {
        stepId: input.stepId,
        judgeId: id,
        judgeVersion: version,
        privileged: true,
        votes,
        score: scoreOf(votes),
        hints: [],
        durationMs: clock.monotonic() - startedMs,
      };
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  };
}

function votesFor(input: JudgeInput, spec: Extract<JudgeSpec, { kind: "subgoal" }>, random: Random): Vote[] {
  const { privileged } = input;
  if (privileged === null || Object.keys({ ...privileged.before, ...privileged.after }).length === 0) {
    const error = new JudgeError("the task has no subgoals to judge by", { code: "ERR_JUDGE_NO_SUBGOALS" });
    return Array.from({ length: spec.votes }, () => ({ status: "failed", error: toErrorRecord(error, "judge") }));
  }
  const { value, reason } = subgoalVote({ ...input.current, ...privileged }, spec.noProgress);
  return Array.from({ length: spec.votes }, (_, index) => {
    const flipped = value !== 0 && random.fork(`${input.stepId}/${index}`).next() < spec.flip;
    return { status: "vote", value: flipped ? (-value as VoteValue) : value, text: flipped ? "flipped" : reason };
  });
}
