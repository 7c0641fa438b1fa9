import type { Clock } from "../core/clock.ts";

/** Reason of the aborts that only stop a timer; one for all, because an error's stack costs more than the timer. */
const settled = new Error("settled");

/**
 * Wait for `work`, but no longer than `graceMs` past the signal's abort: then it is abandoned, and its late failure
 * is nobody's. Work that settles within its grace still counts. The grace is asked for when the signal aborts.
 * @throws what the work threw, or the signal's reason.
 */
export async function cut<T>(work: Promise<T>, signal: AbortSignal, clock: Clock, graceMs: () => number): Promise<T> {
  // Made when it is needed: most calls of a long run are never cut.
  let grace: AbortController | null = null;
  let onAbort = (): void => undefined;
  const abandoned = new Promise<never>((_, reject) => {
    onAbort = () => {
      grace = new AbortController();
      clock.sleep(graceMs(), grace.signal).then(
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
    (grace as AbortController | null)?.abort(settled);
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
    timer.abort(settled);
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
