/**
 * Counts requests, and keeps what weight swaps added to those that were under way: the time for which decoding stood
 * still. Latencies of requests with and without a swap would not tell: long requests meet more swaps, and a new version
 * lets the next groups begin, so that work comes in a burst just then.
 */

export interface ServingReport {
  readonly requests: number;
  readonly failed: number;
  readonly swaps: number;
  /** 99th percentile over swaps of what each added to every request that ran through it, ms; 0 without swaps. */
  readonly p99AddedMs: number;
}

export class ServingLedger {
  #requests = 0;
  #failed = 0;
  readonly #pausesMs: number[] = [];

  request(ending: "answered" | "failed"): void {
    this.#requests += 1;
    if (ending === "failed") this.#failed += 1;
  }

  swap(pausedMs: number): void {
    this.#pausesMs.push(pausedMs);
  }

  report(): ServingReport {
    const pauses = this.#pausesMs.toSorted((a, b) => a - b);
    return {
      requests: this.#requests,
      failed: this.#failed,
      swaps: pauses.length,
      p99AddedMs: pauses[Math.min(pauses.length - 1, Math.floor(0.99 * pauses.length))] ?? 0,
    };
  }
}
