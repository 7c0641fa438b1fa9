/** One row for each try of each attempt: what a resume decides by, and what success tables count. */
import type { ErrorRecord } from "../core/errors.ts";
import type { EventLog } from "../core/log.ts";
import type { StopReason } from "../core/stop-reason.ts";
import type { Split } from "../core/task.ts";

export interface EpisodeSummary {
  readonly episodeId: string;
  readonly groupId: string;
  readonly groupSize: number;
  readonly attempt: number;
  readonly retry: number;
  readonly env: string;
  readonly taskId: string;
  readonly family: string;
  readonly split: Split;
  readonly purpose: string;
  readonly actor: string;
  /**
   * - `open`: it has no end in the log: it runs now, or its run was killed;
   * - `failed`: an error ended it;
   * - `unscored`: it ended without a score;
   * - `scored`
   */
  readonly status: "open" | "failed" | "unscored" | "scored";
  readonly passed: boolean | null;
  readonly score: number | null;
  /** Why there is no score, where the scorer said so. */
  readonly unscoredReason: string | null;
  readonly steps: number;
  readonly stopReason: StopReason | null;
  readonly error: ErrorRecord | null;
  /** Null while open. */
  readonly durationMs: number | null;
}

/** In order of start. The last retry of an attempt is the one that counts: see `latestTries`. */
export function episodeSummaries(log: EventLog): EpisodeSummary[] {
  const summaries = new Map<string, EpisodeSummary>();
  for (const event of log.events({ types: ["episode-start", "outcome", "episode-end"] })) {
    if (event.type === "episode-start") {
      const { episodeId, groupId, groupSize, attempt, retry, env, split, purpose, actor, task } = event;
      summaries.set(episodeId, {
        episodeId,
        groupId,
        groupSize,
        attempt,
        retry,
        env,
        split,
        purpose,
        actor,
        taskId: task.id,
        family: task.family,
        status: "open",
        passed: null,
        score: null,
        unscoredReason: null,
        steps: 0,
        stopReason: null,
        error: null,
        durationMs: null,
      });
      continue;
    }
    const known = summaries.get(event.episodeId);
    if (known === undefined) continue;
    if (event.type === "outcome") {
      const { outcome } = event;
      const scored = outcome.status === "scored";
      summaries.set(event.episodeId, {
        ...known,
        passed: scored ? outcome.passed : null,
        score: scored ? outcome.score : null,
        unscoredReason: scored ? null : outcome.reason,
      });
    } else {
      const { stopReason, error, steps, durationMs } = event;
      summaries.set(event.episodeId, { ...known, stopReason, error, steps, durationMs });
    }
  }
  return [...summaries.values()].map((one) => {
    const status = statusOf(one);
    return { ...one, status, steps: status === "open" ? finishedSteps(log, one.episodeId) : one.steps };
  });
}

/** The try that counts for each attempt: its latest. In order of start. */
export function latestTries(summaries: readonly EpisodeSummary[]): EpisodeSummary[] {
  const latest = new Map<string, EpisodeSummary>();
  for (const one of summaries) {
    const key = `${one.groupId}.${one.attempt}`;
    const known = latest.get(key);
    if (known === undefined || known.retry <= one.retry) latest.set(key, one);
  }
  return [...latest.values()];
}

function finishedSteps(log: EventLog, episodeId: string): number {
  let steps = 0;
  for (const event of log.events({ episodeId })) if (event.type === "next-state") steps++;
  return steps;
}

function statusOf(one: EpisodeSummary): EpisodeSummary["status"] {
  if (one.error !== null) return "failed";
  if (one.score !== null) return "scored";
  return one.stopReason === null ? "open" : "unscored";
}
