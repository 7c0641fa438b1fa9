/** What may watch a rollout. Hooks are called synchronously, must not throw, and never hold an episode up. */
import type { JudgeInput } from "../core/judge.ts";

/** Takes each step to be judged, while the episode goes on. */
export interface JudgeHook {
  /** Whether `JudgeInput.privileged` is filled. */
  readonly privileged: boolean;
  submit(episodeId: string, input: JudgeInput): void;
}

export interface StepTick {
  readonly episodeId: string;
  readonly index: number;
  readonly envMs: number;
}
