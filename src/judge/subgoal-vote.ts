/** The exact vote for a step, from the subgoals that held before and after it. Privileged. */
import type { VoteValue, JudgeInput } from "../core/judge.ts";
import type { SubgoalState } from "../core/env.ts";

export interface ExactVote {
  readonly value: VoteValue;
  readonly reason: string;
}

export interface SubgoalVoteInput extends Pick<JudgeInput["current"], "parseError" | "results"> {
  readonly before: SubgoalState;
  readonly after: SubgoalState;
  readonly submitted: boolean;
}

/**
 * The first rule that applies decides:
 *
 * 1. the turn could not be parsed, or an action of it was invalid: -1
 * 2. a subgoal that held was lost: -1
 * 3. submitted: +1 if all subgoals hold, else -1
 * 4. a subgoal newly holds: +1
 * 5. nothing changed: `noProgress`, by default -1. In our tasks a step that is right reaches a subgoal, so a step that
 *    reaches none is a plausible mistake (the wrong file, the wrong column), which a neutral vote would not tell from luck.
 *    0 suits tasks where looking around is part of the work.
 */
export function subgoalVote(input: SubgoalVoteInput, noProgress: -1 | 0 = -1): ExactVote {
  const { before, after } = input;
  const holds = (state: SubgoalState, id: string): boolean => Object.hasOwn(state, id) && state[id] === true;
  const ids = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  if (input.parseError !== null) return { value: -1, reason: "the turn could not be parsed" };
  if (input.results.some(({ status }) => status === "invalid_action"))
    return { value: -1, reason: "an action was invalid" };
  const lost = ids.filter((id) => holds(before, id) && !holds(after, id));
  if (lost.length > 0) return { value: -1, reason: `lost ${lost.join(", ")}` };
  if (input.submitted) {
    const missing = ids.filter((id) => !holds(after, id));
    if (missing.length > 0) return { value: -1, reason: `submitted without ${missing.join(", ")}` };
    return { value: 1, reason: "submitted with every subgoal" };
  }
  const gained = ids.filter((id) => !holds(before, id) && holds(after, id));
  if (gained.length > 0) return { value: 1, reason: `reached ${gained.join(", ")}` };
  return { value: noProgress, reason: "no subgoal changed" };
}
