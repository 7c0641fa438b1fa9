import { defineEnvironment, type TasksInput } from "../../core/define-environment.ts";
import type { Split } from "../../core/task.ts";
import { TerminalEnvironment } from "./environment.ts";
import { actionSchema, observationSchema } from "./schema.ts";
import { scoreWorld, taskSource } from "./tasks/index.ts";
import { observationText } from "./text.ts";
import { fromArtifacts } from "./world-state.ts";

export { families } from "./tasks/index.ts";

export interface TerminalOptions {
  /** "room/name@version". */
  readonly id: string;
  readonly description: string;
  /** Names of the task families that its tasks are made of; default: all. See `families`. */
  readonly families?: readonly string[];
}

/**
 * `terminal/shell`, or the same terminal with tasks of fewer families: bash on a real terminal, in a sandbox of its own.
 *
 * **Action** (schema.ts). `run` types a command and waits for its end (30 s unless it says otherwise); `keys` presses
 * keys in whatever has the terminal; `wait` lets time pass, or waits for a text; `submit` ends the episode. Several
 * actions of one turn run in order; each then gets its own exit code under its call id. A `run` while a program is
 * busy and does not read is not typed (`not_executed`); while one waits for input, the text goes to it.
 *
 * **Observation** (schema.ts). The screen (80 x 24), the output since the last observation (at most 8192 characters,
 * the front dropped with a marker), exit code (0 to 255; 128 + n for signal n), cursor (zero-based row and column),
 * alternate-screen flag, status, whether the time ran out, and the shell's directory.
 *
 * **Reward.** 0 at every step; the outcome scores the world's final state: score is the fraction of the task's stages
 * that hold, passed when all do. What the terminal printed is not looked at.
 *
 * **Start.** The task's files are in home, its set-up has run, its daemon runs, and the shell is at its prompt in home.
 *
 * **End.** Terminated by `submit`; truncated by the task's budgets. A command's failure or timeout ends nothing, and a
 * shell that exits is replaced. No action waits longer than half of the task's `callTimeoutMs`.
 *
 * **Versions.** 1: first.
 */
export function terminalEnvironment({ id, description, families }: TerminalOptions) {
  const tasksOf = (split: Split): TasksInput => {
    const source = taskSource(split, families);
    return async (index, options) => source.get(index, options);
  };
  return defineEnvironment({
    id,
    kind: "terminal",
    description,
    action: actionSchema,
    observation: observationSchema,
    tasks: { train: tasksOf("train"), dev: tasksOf("dev"), test: tasksOf("test") },
    requires: { sandbox: true },
    open: (ctx) => TerminalEnvironment.open(ctx),
    score: (task, artifacts) => ({ status: "scored", ...scoreWorld(task, fromArtifacts(artifacts)) }),
    toText: observationText,
  });
}

export default terminalEnvironment({
  id: "terminal/shell@1",
  description: "Shell work on a real terminal: generated tasks over files, text, archives, git, processes and scripts",
});
