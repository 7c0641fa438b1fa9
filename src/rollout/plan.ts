/**
 * What to play: groups of attempts at tasks, as a pure function of the run's arguments. A resumed run makes the same
 * plan again and leaves out what is done; a replay takes its plan from the stored run.
 */
import type { EnvironmentDefinition } from "../core/env.ts";
import { ConfigError, type ErrorRecord } from "../core/errors.ts";
import { groupIdOf } from "../core/events.ts";
import type { EventLog } from "../core/log.ts";
import { hashString } from "../core/random.ts";
import { stopReasons, type StopReason } from "../core/stop-reason.ts";
import type { Split, Task } from "../core/task.ts";

export interface AttemptPlan {
  /** Index within the group, from 0. */
  readonly attempt: number;
  /** Number of its next try; 0 when it was never tried. */
  readonly retry: number;
  /** Default: derived from the group's seed. */
  readonly seed?: number;
}

export interface GroupPlan {
  readonly groupId: string;
  readonly task: Task;
  /** How many, or which. */
  readonly attempts: number | readonly AttemptPlan[];
  /** How many the group has in all, where `attempts` names only those to play; default: as many as those. */
  readonly groupSize?: number;
  readonly split: Split;
  readonly purpose: string;
  readonly seed: number;
  /** For runs over several environments; default: the run's. */
  readonly definition?: EnvironmentDefinition;
}

export interface PlanOptions {
  readonly definition: EnvironmentDefinition;
  readonly split: Split;
  /** All attempts together; the last group is smaller when they do not divide. May be Infinity. */
  readonly episodes: number;
  /** Attempts at each task; default 1. */
  readonly groupSize?: number;
  readonly seed: number;
  readonly horizon?: number;
  /** For the log; default "rollout". */
  readonly purpose?: string;
  /** Index of the first group; default 0. A later part of a run starts where the one before it ended. */
  readonly firstGroup?: number;
  /** Index of the first group's task; default: the index of the first group. */
  readonly firstTask?: number;
}

/**
 * Groups over consecutive tasks of a split; a finite list of tasks starts again at its end.
 * @throws ConfigError ERR_NO_TASKS when the split is empty.
 */
export async function* planGroups(options: PlanOptions): AsyncGenerator<GroupPlan, void> {
  const { definition, split, episodes, groupSize = 1, seed, horizon, purpose = "rollout", firstGroup = 0 } = options;
  const { firstTask = firstGroup } = options;
  const source = definition.tasks[split];
  if (source.size === 0)
    throw new ConfigError(`${definition.id} has no ${split} tasks; choose another split`, { code: "ERR_NO_TASKS" });
  for (let index = 0; index * groupSize < episodes; index++) {
    const groupId = groupIdOf(firstGroup + index);
    const taskIndex = source.size === null ? firstTask + index : (firstTask + index) % source.size;
    yield {
      groupId,
      task: await source.get(taskIndex, horizon === undefined ? { seed } : { seed, horizon }),
      attempts: Math.min(groupSize, episodes - index * groupSize),
      split,
      purpose,
      seed: hashString(`${seed}/${groupId}`),
    };
  }
}

/** The attempts of a group, one by one, each with its seed. */
export function attemptsOf(group: GroupPlan): Required<AttemptPlan>[] {
  const attempts =
    typeof group.attempts === "number"
      ? Array.from({ length: group.attempts }, (_, attempt): AttemptPlan => ({ attempt, retry: 0 }))
      : group.attempts;
  return attempts.map((plan) => ({ seed: hashString(`${group.seed}/${plan.attempt}`), ...plan }));
}

export function groupSizeOf({ attempts, groupSize }: GroupPlan): number {
  return groupSize ?? (typeof attempts === "number" ? attempts : attempts.length);
}

/** What the log says of one try. */
export interface EpisodeSummary {
  readonly groupId: string;
  readonly attempt: number;
  readonly retry: number;
  /** null: it never ended (the process was killed). */
  readonly stopReason: StopReason | null;
  readonly error: ErrorRecord | null;
  /** null: unscored, or no outcome at all. */
  readonly score: number | null;
}

/**
 * missing: never tried, or its last try was interrupted or cancelled (the default of a resume).
 * failed: its last try ended in an error. A low score is no failure: playing it again would choose among results.
 * unscored: its last try ended without an error, and the scorer could not tell.
 */
export const resumeChoices = ["failed", "unscored", "missing"] as const;
export type ResumeChoice = (typeof resumeChoices)[number];

/** The part of a plan that is still to be played; every new try gets the next number after those in the log. */
export async function* planResume(
  plan: AsyncIterable<GroupPlan>,
  stored: Iterable<EpisodeSummary>,
  only: ResumeChoice = "missing",
): AsyncGenerator<GroupPlan, void> {
  const latest = new Map<string, EpisodeSummary>();
  for (const summary of stored) {
    const key = `${summary.groupId}.${summary.attempt}`;
    const known = latest.get(key);
    if (!known || known.retry < summary.retry) latest.set(key, summary);
  }
  for await (const group of plan) {
    const attempts = attemptsOf(group).flatMap((attempt): AttemptPlan[] => {
      const last = latest.get(`${group.groupId}.${attempt.attempt}`);
      if (attemptState(last) !== only) return [];
      return [{ ...attempt, retry: last ? last.retry + 1 : 0 }];
    });
    if (attempts.length > 0) yield { ...group, attempts, groupSize: groupSizeOf(group) };
  }
}

/** What a resume makes of an attempt, by its last try. */
export function attemptState(last: EpisodeSummary | undefined): ResumeChoice | "done" {
  if (!last?.stopReason || last.stopReason === "cancelled") return "missing";
  if (stopReasons[last.stopReason] === "failed") return "failed";
  return last.score === null ? "unscored" : "done";
}

/** The groups of a stored run, with the tasks as they were: what a replay plays. */
export function planFromLog(log: EventLog): GroupPlan[] {
  const groups = new Map<string, Omit<GroupPlan, "attempts"> & { attempts: Map<number, AttemptPlan> }>();
  for (const { groupId, groupSize, attempt, seed, task, split, purpose } of log.events({ types: ["episode-start"] })) {
    const group = groups.get(groupId) ?? { groupId, groupSize, task, split, purpose, seed, attempts: new Map() };
    groups.set(groupId, group);
    group.attempts.set(attempt, { attempt, retry: 0, seed });
  }
  return [...groups.values()].map((group) => ({ ...group, attempts: [...group.attempts.values()] }));
}
