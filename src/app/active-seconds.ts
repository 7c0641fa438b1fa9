import type { EventLog } from "../core/log.ts";

/**
 * Seconds during which at least one episode was open, over all the sessions of a run: pauses between sessions do not count.
 * An episode that was killed counts up to its last event.
 */
export function activeSeconds(log: EventLog): number {
  const spans = new Map<string, { from: number; to: number }>();
  for (const event of log.events({ types: ["episode-start", "next-state", "episode-end"] })) {
    const span = spans.get(event.episodeId);
    if (span) span.to = event.at;
    else spans.set(event.episodeId, { from: event.at, to: event.at });
  }
  let totalMs = 0;
  let coveredTo = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...spans.values()].toSorted((a, b) => a.from - b.from)) {
    totalMs += Math.max(0, to - Math.max(from, coveredTo));
    coveredTo = Math.max(coveredTo, to);
  }
  return totalMs / 1000;
}
