import type { Clock } from "../../../src/core/clock.ts";

/** A clock on which every sleep is over at once, and written down. */
export function createInstantClock(startMs = 1_700_000_000_000): Clock & { readonly sleepsMs: number[] } {
  const sleepsMs: number[] = [];
  let nowMs = startMs;
  return {
    sleepsMs,
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      sleepsMs.push(ms);
      nowMs += ms;
    },
  };
}
