/**
 * Which instances are lent, and until when. A lease that is not renewed runs out: the reaper takes its instance back,
 * so that a holder which hangs or forgets keeps no environment for ever.
 */
import type { Clock } from "../core/clock.ts";
import { EnvError } from "../core/errors.ts";
import type { GuardedEnvironment } from "../core/guard.ts";
import type { OpenInstance } from "./open-instance.ts";

export interface EnvironmentLease {
  readonly environment: GuardedEnvironment;
  /** Aborts, with EnvError ERR_LEASE_EXPIRED, when the reaper takes the instance back. */
  readonly expired: AbortSignal;
  renew(): void;
  /**
   * Close the instance, then its sandbox; harmless twice, never throws.
   * @param timeoutMs for the instance's own close; default: the pool's.
   * @returns what went wrong, or null.
   */
  release(timeoutMs?: number): Promise<unknown>;
}

interface Held {
  readonly instance: OpenInstance;
  readonly expiry: AbortController;
  deadline: number;
}

export interface LeaseBookOptions {
  readonly clock: Clock;
  /** Lifetime since a lease was granted or renewed, milliseconds. */
  readonly ttlMs: number;
  readonly closeTimeoutMs: number;
  /** Ends the reaper. */
  readonly stopped: AbortSignal;
  /** Close an instance whose lease is over; resolves with what went wrong, or null. */
  readonly shut: (instance: OpenInstance, timeoutMs: number) => Promise<unknown>;
}

export class LeaseBook {
  readonly #options: LeaseBookOptions;
  readonly #held = new Set<Held>();
  #reaped = 0;
  #reaping = false;

  constructor(options: LeaseBookOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Leases that ran out, so far. */
  get reaped(): number {
    return this.#reaped;
  }

  grant(instance: OpenInstance): EnvironmentLease {
    const { clock, ttlMs, closeTimeoutMs } = this.#options;
    const held: Held = { instance, expiry: new AbortController(), deadline: clock.monotonic() + ttlMs };
    this.#held.add(held);
    if (!this.#reaping) void this.#reap();
    return {
      environment: instance.environment,
      expired: held.expiry.signal,
      renew: () => {
        held.deadline = clock.monotonic() + ttlMs;
      },
      release: (timeoutMs = closeTimeoutMs) => this.#release(held, timeoutMs),
    };
  }

  releaseAll(timeoutMs: number): void {
    for (const held of this.#held) void this.#release(held, timeoutMs);
  }

  async #release(held: Held, timeoutMs: number): Promise<unknown> {
    if (this.#held.delete(held)) return this.#options.shut(held.instance, timeoutMs);
    return (await held.instance.close(timeoutMs)).error;
  }

  async #reap(): Promise<void> {
    const { clock, ttlMs, stopped } = this.#options;
    this.#reaping = true;
    while (this.#held.size > 0 && !stopped.aborted) {
      const now = clock.monotonic();
      let next = now + ttlMs;
      for (const held of this.#held) {
        if (held.deadline > now) next = Math.min(next, held.deadline);
        else this.#expire(held);
      }
      await clock.sleep(next - now, stopped).catch(() => undefined);
    }
    this.#reaping = false;
  }

  #expire(held: Held): void {
    const { ttlMs, closeTimeoutMs } = this.#options;
    this.#reaped++;
    held.expiry.abort(
      new EnvError(`${held.instance.definition.id}: the lease was not renewed for ${ttlMs} ms`, {
        code: "ERR_LEASE_EXPIRED",
        retryable: true,
      }),
    );
    void this.#release(held, closeTimeoutMs);
  }
}
