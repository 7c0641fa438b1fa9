/**
 * Waits until a terminal has come to rest: the prompt is back, input is wanted, the shell is gone, or time is up.
 *
 * Marks end a wait at once. Only while a wait is pending and the terminal is quiet is the kernel asked, at growing
 * intervals, whether a foreground process is blocked reading it.
 */
import type { Clock } from "../../core/clock.ts";

/** What a look at the terminal says: "rest" ends the wait, "check" asks the kernel after a short quiet. */
export type Glance = "rest" | "check" | "busy";

export interface SettleOptions {
  readonly clock: Clock;
  /** Monotonic, ms. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Looks at what has arrived; called after each batch of data. */
  readonly glance: () => Glance;
  /** Asks the kernel; true when the terminal is at rest. */
  readonly probe: () => Promise<boolean>;
}

const quietMs = 30;
const shortQuietMs = 4;
const maxQuietMs = 500;
const cancelled = new Error("cancelled");

export class Settler {
  private wake: (() => void) | null = null;
  private arrivals = 0;

  /** Data came, or the shell ended. */
  notify(): void {
    this.arrivals++;
    this.wake?.();
  }

  /** @returns false when the deadline passed first. Rejects with the signal's reason when it aborts. */
  async settle({ clock, deadline, signal, glance, probe }: SettleOptions): Promise<boolean> {
    let quiet = quietMs;
    let probed = -1;
    for (;;) {
      signal.throwIfAborted();
      const seen = this.arrivals;
      const state = glance();
      if (state === "rest") return true;
      const left = deadline - clock.monotonic();
      if (left <= 0) return false;
      const soon = state === "check" && probed !== seen;
      const woken = await this.pause(clock, Math.min(left, soon ? shortQuietMs : quiet), signal);
      if (woken) {
        quiet = quietMs;
        continue;
      }
      const rest = await abortable(probe(), signal);
      if (rest && this.arrivals === seen) return true;
      probed = seen;
      quiet = this.arrivals === seen ? Math.min(maxQuietMs, quiet * 2) : quietMs;
    }
  }

  /** True when data woke it, false when `ms` passed in silence. */
  private async pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
    const timer = new AbortController();
    const onAbort = () => timer.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const silence = clock.sleep(ms, timer.signal).then(
      () => false,
      () => false,
    );
    const data = new Promise<boolean>((resolve) => {
      this.wake = () => resolve(true);
    });
    const woken = await Promise.race([data, silence]);
    this.wake = null;
    signal.removeEventListener("abort", onAbort);
    timer.abort(cancelled);
    return woken;
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
