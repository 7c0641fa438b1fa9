import { expect, test } from "vitest";
import { activeSeconds } from "../../src/app/active-seconds.ts";
import type { LogEvent } from "../../src/core/events.ts";
import type { EventLog } from "../../src/core/log.ts";

/** A log of these moments only. */
function logOf(...moments: readonly [episodeId: string, type: LogEvent["type"], at: number][]): EventLog {
  const events = moments.map(([episodeId, type, at], seq) => ({ seq, at, type, episodeId }));
  return { events: () => events } as unknown as EventLog;
}

test("pauses between sessions, and episodes that overlap, are not counted twice", () => {
  const log = logOf(
    ["a", "episode-start", 1_000],
    ["b", "episode-start", 2_000],
    ["b", "episode-end", 3_000],
    ["a", "next-state", 4_000], // killed: its last event is its end
    ["c", "episode-start", 60_000],
    ["c", "episode-end", 61_500],
  );
  expect(activeSeconds(log)).toBe(3 + 1.5);
});

test("a run that played nothing took no time", () => {
  expect(activeSeconds(logOf())).toBe(0);
});
