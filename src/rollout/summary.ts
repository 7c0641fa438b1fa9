/** The numbers of a run: counted as episodes end, or read from the log for a run that was resumed. */
import type { Outcome } from "../core/env.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { EventLog } from "../core/log.ts";
import { stopReasons, type StopReason } from "../core/stop-reason.ts";
import { percentilesOf, type Percentiles } from "./percentiles.ts";

export interface FamilySummary {
  readonly episodes: number;
  readonly success: number | null;
  readonly meanReward: number | null;
}

export interface RolloutSummary {
  /** Attempts that were tried; retries are not counted again. */
  readonly episodes: number;
  /** Attempts that ended, and not in an error or a cancellation. */
  readonly completed: number;
  /** Answered steps of all tries. */
  readonly transitions: number;
  readonly scored: number;
  /** Share of the scored attempts that passed; null when none was scored. Unscored is not zero. */
  readonly success: number | null;
  /** Mean outcome score of the scored attempts. */
  readonly meanReward: number | null;
  /** Mean, over completed attempts, of the sum of the environment's own rewards. */
  readonly meanEnvReward: number | null;
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /** Environment time of a step, milliseconds. */
  readonly stepLatencyMs: Percentiles;
  /** Attempts that ended, by why; see src/core/stop-reason.ts. */
  readonly endings: Readonly<Partial<Record<StopReason, number>>>;
  /** Tries that ended in an error, by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly cancelled: boolean;
  readonly leaked: { readonly processes: number; readonly containers: number; readonly browsers: number };
  readonly byFamily: Readonly<Record<string, FamilySummary>>;
}

/** What the log cannot say. */
export interface RunFacts {
  readonly seconds: number;
  readonly cancelled: boolean;
  readonly leaked: RolloutSummary["leaked"];
}

/** One try, as far as summaries care; an EpisodeReport is one. */
export interface Tried {
  readonly family: string;
  /** null: it never ended. */
  readonly stopReason: StopReason | null;
  readonly error: ErrorRecord | null;
  readonly outcome: Outcome | null;
  readonly steps: number;
  readonly envReward: number;
  readonly stepLatenciesMs: readonly number[];
}

/** Latencies that are kept; of more, the latest. */
const maxLatencies = 200_000;

interface Counts {
  episodes: number;
  scored: number;
  passed: number;
  score: number;
}

const noCounts = (): Counts => ({ episodes: 0, scored: 0, passed: 0, score: 0 });

export class RolloutTally {
  readonly all = noCounts();
  readonly errors: Record<string, number> = {};
  readonly endings: Partial<Record<StopReason, number>> = {};
  readonly #families = new Map<string, Counts>();
  readonly #latenciesMs: number[] = [];
  #latencyCount = 0;
  completed = 0;
  transitions = 0;
  retries = 0;
  #envReward = 0;

  /** @param last whether this try decides its attempt: no further one follows. */
  add(tried: Tried, last: boolean): void {
    this.transitions += tried.steps;
    if (tried.error) this.errors[tried.error.code] = (this.errors[tried.error.code] ?? 0) + 1;
    for (const latencyMs of tried.stepLatenciesMs) this.#latenciesMs[this.#latencyCount++ % maxLatencies] = latencyMs;
    if (!last) {
      this.retries++;
      return;
    }
    if (tried.stopReason) this.endings[tried.stopReason] = (this.endings[tried.stopReason] ?? 0) + 1;
    if (tried.stopReason && tried.stopReason !== "cancelled" && stopReasons[tried.stopReason] !== "failed") {
      this.completed++;
      this.#envReward += tried.envReward;
    }
    const family = this.#families.get(tried.family) ?? noCounts();
    this.#families.set(tried.family, family);
    for (const counts of [this.all, family]) {
      counts.episodes++;
      if (tried.outcome?.status !== "scored") continue;
      counts.scored++;
      counts.passed += tried.outcome.passed ? 1 : 0;
      counts.score += tried.outcome.score;
    }
  }

  summary({ seconds, cancelled, leaked }: RunFacts): RolloutSummary {
    const { all, completed, transitions, retries, errors, endings } = this;
    const families = [...this.#families].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return {
      episodes: all.episodes,
      completed,
      transitions,
      scored: all.scored,
      ...rates(all),
      meanEnvReward: completed > 0 ? this.#envReward / completed : null,
      seconds,
      stepsPerSecond: seconds > 0 ? transitions / seconds : 0,
      stepLatencyMs: percentilesOf(this.#latenciesMs),
      endings: { ...endings },
      errors: { ...errors },
      retries,
      cancelled,
      leaked,
      byFamily: Object.fromEntries(
        families.map(([family, counts]) => [family, { episodes: counts.episodes, ...rates(counts) }]),
      ),
    };
  }
}

function rates({ scored, passed, score }: Counts): { success: number | null; meanReward: number | null } {
  return { success: scored > 0 ? passed / scored : null, meanReward: scored > 0 ? score / scored : null };
}

/** The same numbers for everything that a log holds, over all the sessions that wrote it. */
export function summarizeLog(log: EventLog, facts: RunFacts): RolloutSummary {
  type Reading = { -readonly [K in keyof Tried]: Tried[K] } & { attempt: string; stepLatenciesMs: number[] };
  const episodes = new Map<string, Reading>();
  const lastOf = new Map<string, string>();
  for (const event of log.events({ types: ["episode-start", "next-state", "outcome", "episode-end"] })) {
    if (event.type === "episode-start") {
      const attempt = `${event.groupId}.${event.attempt}`;
      const nothing = { stopReason: null, error: null, outcome: null, steps: 0, envReward: 0 };
      episodes.set(event.episodeId, { attempt, family: event.task.family, ...nothing, stepLatenciesMs: [] });
      lastOf.set(attempt, event.episodeId);
      continue;
    }
    const episode = episodes.get(event.episodeId);
    if (!episode) continue;
    if (event.type === "outcome") episode.outcome = event.outcome;
    else if (event.type === "episode-end") {
      episode.stopReason = event.stopReason;
      episode.error = event.error;
    } else {
      episode.steps++;
      episode.envReward += event.reward;
      episode.stepLatenciesMs.push(event.timings.envMs);
    }
  }
  const tally = new RolloutTally();
  for (const [episodeId, episode] of episodes) tally.add(episode, lastOf.get(episode.attempt) === episodeId);
  return tally.summary(facts);
}
