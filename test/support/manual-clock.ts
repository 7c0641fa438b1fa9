/** A clock that moves only when told to. */
import type { Clock } from "../../src/core/clock.ts";

export interface ManualClock extends Clock {
  /** Move on by `ms`, waking sleepers in order, with time between them for what they set off. */
  advance(ms: number): Promise<void>;
  sleeping(): number;
}

export function manualClock(): ManualClock {
  let now = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  const settle = async () => {
    for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => now,
    monotonic: () => now,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const sleeper = {
          at: now + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal!.reason as Error);
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },
    sleeping: () => sleepers.size,
    async advance(ms) {
      const until = now + ms;
      for (;;) {
        await settle();
        const next = [...sleepers].toSorted((a, b) => a.at - b.at)[0];
        if (!next || next.at > until) break;
        now = next.at;
        next.wake();
      }
      now = until;
      await settle();
    },
  };
}
