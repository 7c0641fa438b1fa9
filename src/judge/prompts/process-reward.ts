/**
 * The prompt of the process reward model: was this step right, by the evidence of the state that followed it?
 * Source: the judge of OpenClaw-RL (score 1, 0, -1 "using the next state as evidence", answer in \boxed{}), with its
 * window (first two and last two turns), and two additions: fences against instructions inside the data, and the request
 * to name the evidence first.
 */
import type { JudgeInput } from "../../core/judge.ts";
import { describeTurn, judgePrompt, rulesOfEvidence, shorten, type Block } from "./judge-prompt.ts";

const maxChars = { instruction: 4_000, state: 8_000, pastState: 1_500 } as const;
const shown = { said: 2_000, action: 2_000 } as const;

const instructions = `You judge one step of an agent that works on a task in a computer environment.
You are given the task, some of the turns before, the step to judge, and the next state: what the environment showed after it.
Judge only this step, and judge it by the next state, not by what the agent says about itself.

 1: the next state shows that the step did what the task needed at this point: the right result, real progress.
-1: the next state shows an error, a wrong or missing result, no effect, undone work, or an end of the task before it is done.
 0: the next state does not tell whether the step helped.

A step that runs without an error can still be wrong: compare names, numbers and places with the task.
Looking around is worth 1 only if it brought something that the task needs and that was not known before.

${rulesOfEvidence}`;

export const processReward = judgePrompt(instructions, (input: JudgeInput): Block[] => {
  const omitted = input.omittedTurns ?? 0;
  const half = Math.ceil(input.history.length / 2);
  const history = input.history.flatMap((turn, index): Block[] => [
    ...(omitted > 0 && index === half ? [{ title: `${omitted} turns are left out` }] : []),
    { title: "earlier turn: action", text: describeTurn(turn, shown) },
    { title: "earlier turn: what followed", text: shorten(turn.observationText, maxChars.pastState) },
  ]);
  return [
    { title: "task", text: shorten(input.instruction, maxChars.instruction) },
    { title: "state at the start", text: shorten(input.firstObservationText, maxChars.pastState) },
    ...history,
    { title: "THE STEP TO JUDGE", text: describeTurn(input.current, shown) },
    { title: "NEXT STATE", text: shorten(input.current.observationText, maxChars.state) },
    ...(input.terminated ? [{ title: "the episode ended with this step" }] : []),
  ];
});
