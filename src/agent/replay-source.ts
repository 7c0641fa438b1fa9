/** A stored run as the replay actor reads it: the recorded turns of each attempt, with the states they led to. */
import type { ActionCall } from "../core/env.ts";
import type { Stored } from "../core/events.ts";
import type { JsonValue } from "../core/json.ts";
import type { EventLog } from "../core/log.ts";

export interface RecordedStep {
  readonly actions: readonly ActionCall[];
  readonly parseError: string | null;
  /** Absent when the recording broke off before the step was answered. */
  readonly observation: JsonValue | undefined;
}

export interface RecordedEpisode {
  readonly taskId: string;
  readonly firstObservation: JsonValue | undefined;
  readonly steps: readonly RecordedStep[];
}

/** By attempt ("g000012.3", whatever the retry): its last try is what is replayed. */
export type ReplaySource = ReadonlyMap<string, RecordedEpisode>;

/** The attempt that an episode id names, without the retry. */
export function attemptOf(episodeId: string): string {
  return episodeId.split("~")[0]!;
}

/** Read every recorded turn of a stored run into memory. */
export async function replaySource(log: EventLog): Promise<ReplaySource> {
  const episodes = new Map<string, { taskId: string; first: Stored | null; steps: StoredStep[] }>();
  const latest = new Map<string, string>();
  for (const event of log.events({ types: ["episode-start", "episode-reset", "step", "next-state"] })) {
    if (event.type === "episode-start") {
      episodes.set(event.episodeId, { taskId: event.task.id, first: null, steps: [] });
      latest.set(attemptOf(event.episodeId), event.episodeId);
      continue;
    }
    const episode = episodes.get(event.episodeId);
    if (!episode) continue;
    if (event.type === "episode-reset") episode.first = event.observation;
    else if (event.type === "step")
      episode.steps[event.index] = { actions: event.actions, parseError: event.parseError, next: null };
    else {
      const step = episode.steps[event.index];
      if (step) step.next = event.observation;
    }
  }
  const source = new Map<string, RecordedEpisode>();
  for (const [attempt, episodeId] of latest) {
    const { taskId, first, steps } = episodes.get(episodeId)!;
    source.set(attempt, {
      taskId,
      firstObservation: first ? await log.load(first) : undefined,
      steps: await Promise.all(
        steps.map(async ({ actions, parseError, next }) => ({
          actions,
          parseError,
          observation: next ? await log.load(next) : undefined,
        })),
      ),
    });
  }
  return source;
}

interface StoredStep {
  readonly actions: readonly ActionCall[];
  readonly parseError: string | null;
  next: Stored | null;
}
