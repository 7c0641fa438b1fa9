import type { Outcome } from "../core/env.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { StopReason } from "../core/stop-reason.ts";
import type { Split, Task } from "../core/task.ts";

/** One try of one attempt, ready to be played. */
export interface EpisodePlan {
  readonly groupId: string;
  readonly groupSize: number;
  /** Index within the group, from 0. */
  readonly attempt: number;
  /** 0 for the first try. */
  readonly retry: number;
  readonly task: Task;
  readonly split: Split;
  readonly purpose: string;
  /** The attempt's seed: the same for each of its tries. */
  readonly seed: number;
}

/** Where an episode's time goes. `open` includes waiting for a slot under the cap. */
export const episodePhases = ["open", "reset", "policy", "env", "subgoals", "finish", "close", "score"] as const;
export type EpisodePhase = (typeof episodePhases)[number];

/** What became of an episode: what summaries, progress and retries need. The log holds the rest. */
export interface EpisodeReport {
  readonly episodeId: string;
  readonly groupId: string;
  readonly attempt: number;
  readonly retry: number;
  readonly taskId: string;
  readonly family: string;
  readonly split: Split;
  readonly purpose: string;
  readonly stopReason: StopReason;
  readonly error: ErrorRecord | null;
  /** null when the episode failed or was cancelled. */
  readonly outcome: Outcome | null;
  readonly steps: number;
  /** Sum of the environment's own rewards. */
  readonly envReward: number;
  /** Environment time of each answered step, milliseconds. */
  readonly stepLatenciesMs: readonly number[];
  readonly phaseMs: Readonly<Record<EpisodePhase, number>>;
  readonly durationMs: number;
  /** The instance could not be closed cleanly; the episode's result stands. */
  readonly closeError: ErrorRecord | null;
}
