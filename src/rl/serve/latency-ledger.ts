/** Counts requests and measures what a weight swap adds to those that ran through one. */

export interface ServingReport {
  readonly requests: number;
  readonly failed: number;
  readonly swaps: number;
  /** p99 latency of requests that overlapped a swap minus p99 of those that did not, milliseconds; at least 0. */
  readonly p99AddedMs: number;
}

/** Bounded memory: the newest latencies of each kind. */
const keep = 10_000;

export class LatencyLedger {
  #requests = 0;
  #failed = 0;
  #swaps = 0;
  #swapping = 0;
  readonly #running = new Set<{ overlapped: boolean }>();
  readonly #plainMs: number[] = [];
  readonly #overlappedMs: number[] = [];

  start(): (ending: "answered" | "failed" | "cancelled") => void {
    const startedMs = performance.now();
    const request = { overlapped: this.#swapping > 0 };
    this.#running.add(request);
    return (ending) => {
      this.#running.delete(request);
      if (ending === "cancelled") return;
      this.#requests += 1;
      if (ending === "failed") this.#failed += 1;
      const latencies = request.overlapped ? this.#overlappedMs : this.#plainMs;
      latencies.push(performance.now() - startedMs);
      if (latencies.length > keep) latencies.splice(0, keep / 2);
    };
  }

  startSwap(): () => void {
    this.#swaps += 1;
    this.#swapping += 1;
    for (const request of this.#running) request.overlapped = true;
    return () => {
      this.#swapping -= 1;
    };
  }

  report(): ServingReport {
    const added = percentile(this.#overlappedMs, 0.99) - percentile(this.#plainMs, 0.99);
    return {
      requests: this.#requests,
      failed: this.#failed,
      swaps: this.#swaps,
      p99AddedMs: this.#overlappedMs.length === 0 ? 0 : Math.max(0, added),
    };
  }
}

function percentile(values: readonly number[], quantile: number): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))]!;
}
