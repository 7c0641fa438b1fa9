/**
 * The prompt for a step of an agent that repairs a software repository: what it ran or edited, and what came of it.
 * Source: the SWE judge of OpenClaw-RL, with its measures in characters: issue 8 000, each of the last eight steps 1 000,
 * execution result 4 000. Departures:
 *
 * - The step that submits is judged too; they skip it. It is the step that decides most, ending too early is a mistake that
 *   no other step shows, and its next state is the best evidence there is: the whole diff. A step without a score would
 *   also be compared with scored ones of other attempts by its outcome alone. The diff gets room for 8 000.
 * - A turn that could not be parsed is judged as one, under its own step's id, with nothing for a result.
 */
import type { JudgedTurn, JudgeInput } from "../../core/judge.ts";
import { describeTurn, judgePrompt, rulesOfEvidence, shorten, type Block } from "./judge-prompt.ts";

const maxChars = { issue: 8_000, result: 4_000, diff: 8_000, pastStep: 400, pastResult: 600 } as const;
const shown = { said: 4_000, action: 4_000 } as const;
const pastShown = { said: 150, action: 250 } as const;

const instructions = `You judge one step of an agent that works in a software repository to resolve an issue.
You are given the issue, the latest steps before, the step to judge (what the agent said and did), and its execution result.
Judge only this step, and judge it by its result, not by what the agent says about itself.

 1: the result shows progress towards a correct fix: it found code or behaviour that the issue depends on and that was not
    known before, reproduced the problem, changed the right place in a way that addresses the cause, or verified a change.
-1: the result shows a mistake: an error that the step itself caused, a change in the wrong place or one that breaks or hides
    something, a repeated step that brings nothing new, or a turn that could not be parsed and did nothing.
 0: the result does not tell whether the step helped.

A failing test or a non-zero exit code is not a mistake in itself: a run that shows the bug is progress.
A step that runs without an error can still be wrong: compare what it changed with what the issue asks for.
These are -1 whatever they result in: changing, deleting or skipping tests so that they pass, special-casing a test's input,
swallowing the error instead of removing its cause, and looking for the solution outside of the code at hand.
Where the step submits, the result holds the whole diff that was handed in. Judge that: 1 if, by everything you see, it
removes the cause of the issue and nothing else is left to do; -1 if it is empty, incomplete, breaks something, or was handed
in without ever being tried although it could have been.

${rulesOfEvidence}`;

export const softwareRepository = judgePrompt(instructions, (input: JudgeInput): Block[] => {
  const { instruction, history, omittedTurns: omitted = 0, current, terminated } = input;
  return [
    // The report stands first in an issue, logs and versions last.
    { title: "issue", text: shorten(instruction, maxChars.issue, 3 / 4) },
    ...(omitted > 0 ? [{ title: `${omitted} earlier steps are left out` }] : []),
    ...history.flatMap((turn): Block[] => [
      { title: "earlier step", text: shorten(describeTurn(turn, pastShown), maxChars.pastStep) },
      resultOf(turn, "its execution result", maxChars.pastResult),
    ]),
    { title: "THE STEP TO JUDGE", text: describeTurn(current, shown) },
    resultOf(current, "EXECUTION RESULT", terminated ? maxChars.diff : maxChars.result),
    ...(terminated ? [{ title: "the episode ended with this step" }] : []),
  ];
});

/** The next state of a turn that did nothing is the state before it: shown again, it would be credited to this step. */
function resultOf(turn: JudgedTurn, title: string, limit: number): Block {
  const ran = turn.actions.length > 0 && turn.results.some(({ status }) => status !== "invalid_action");
  return ran ? { title, text: shorten(turn.observationText, limit) } : { title: `${title}: none, nothing was run` };
}
