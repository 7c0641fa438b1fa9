import type { Clock } from "../core/clock.ts";

/**
 * Wait for `work`, but no longer than `graceMs` past the signal's abort: then it is abandoned, and its late failure
 * is nobody's. Work that settles within its grace still counts. The grace is asked for when the signal aborts.
 * @throws what the work threw, or the signal's reason.
 */
export async function cut<T>(work: Promise<T>, signal: AbortSignal, clock: Clock, graceMs: () => number): Promise<T> {
  const settled = new AbortController();
  let onAbort = (): void => undefined;
  const abandoned = new Promise<never>((_, reject) => {
    onAbort = () => {
      clock.sleep(graceMs(), settled.signal).then(
        () => reject(signal.reason as Error),
        () => undefined,
      );
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, abandoned]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    settled.abort(new Error("settled"));
  }
}

/** True when `work` settled within `ms`, however it settled. */
export async function settledWithin(work: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const timer = new AbortController();
  const done = work.then(
    () => true,
    () => true,
  );
  const late = clock.sleep(ms, timer.signal).then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    timer.abort(new Error("settled"));
  }
}

/** What `work` gives, or null once the signal aborts; its late failure is then nobody's. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    if (signal.aborted) resolve(null);
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
