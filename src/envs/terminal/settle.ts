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
/** What the kernel's answer takes on a machine that has time. Where it takes longer, programs are slow too. */
const usualProbeMs = 4;
/** Where nothing has come since the wait began, the program may not have read its input yet: ask so often. */
const silentAnswers = 3;
const cancelled = new Error("cancelled");

export class Settler {
  private silence: Silence | null = null;
  private arrivals = 0;
  /** How much longer than usual the last question took, at least 1: silence says that much less. */
  private slowness = 1;

  /** Data came, or the shell ended. */
  notify(): void {
    this.arrivals++;
    this.silence?.end(false);
  }

  /** @returns false when the deadline passed first. Rejects with the signal's reason when it aborts. */
  async settle({ clock, deadline, signal, glance, probe }: SettleOptions): Promise<boolean> {
    using silence = new Silence(clock, signal);
    this.silence = silence;
    let quiet = this.pace(quietMs);
    let probed = -1;
    const before = this.arrivals;
    let answers = 0;
    for (;;) {
      signal.throwIfAborted();
      const seen = this.arrivals;
      const state = glance();
      if (state === "rest") return true;
      const now = clock.monotonic();
      if (now >= deadline) return false;
      const soon = state === "check" && probed !== seen;
      if (!(await silence.lasts(Math.min(deadline, now + (soon ? this.pace(shortQuietMs) : quiet))))) {
        quiet = this.pace(quietMs);
        continue;
      }
      const askedAt = clock.monotonic();
      const rest = await abortable(probe(), signal);
      this.slowness = Math.max(1, (clock.monotonic() - askedAt) / usualProbeMs);
      if (rest && this.arrivals === seen && (seen !== before || ++answers >= silentAnswers)) return true;
      probed = seen;
      quiet = this.arrivals === seen ? Math.min(maxQuietMs, quiet * 2) : this.pace(quietMs);
    }
  }

  private pace(ms: number): number {
    return Math.min(maxQuietMs, ms * this.slowness);
  }
}

/** Stretches without data. Data comes far more often than silence, so a timer that runs is left to go off. */
class Silence implements Disposable {
  private readonly clock: Clock;
  private readonly signal: AbortSignal;
  private readonly over = new AbortController();
  private ended: (lasted: boolean) => void = () => undefined;
  private until = 0;
  /** When the timer goes off that counts; earlier ones are ignored. */
  private timer = Infinity;

  constructor(clock: Clock, signal: AbortSignal) {
    this.clock = clock;
    this.signal = signal;
    signal.addEventListener("abort", this.stop, { once: true });
  }

  /** @returns whether nothing came until then (monotonic, ms); false at once when the wait is aborted. */
  lasts(until: number): Promise<boolean> {
    this.until = until;
    return new Promise((resolve) => {
      this.ended = resolve;
      if (this.timer > until) this.sleep();
    });
  }

  end(lasted: boolean): void {
    this.ended(lasted);
  }

  [Symbol.dispose](): void {
    this.signal.removeEventListener("abort", this.stop);
    this.over.abort(cancelled);
  }

  private readonly stop = (): void => this.end(false);

  private sleep(): void {
    const timer = (this.timer = this.until);
    this.clock.sleep(timer - this.clock.monotonic(), this.over.signal).then(
      () => {
        if (this.timer !== timer) return;
        this.timer = Infinity;
        if (this.until > this.clock.monotonic()) this.sleep();
        else this.end(true);
      },
      () => undefined,
    );
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
