/**
 * Counts requests and measures what a weight swap adds to those that ran through one.
 *
 * A long request meets a swap more often than a short one, so those that met one are slower even where a swap costs
 * nothing. They are compared with requests that met a placebo: a moment between two swaps, as long as the last one took, at
 * which nothing happened.
 */

export interface ServingReport {
  readonly requests: number;
  readonly failed: number;
  readonly swaps: number;
  /** p99 latency of requests that overlapped a swap minus p99 of those that overlapped a placebo, ms; at least 0. */
  readonly p99AddedMs: number;
}

type Kind = "swap" | "placebo";

/** Bounded memory: the newest latencies of each kind. */
const keep = 10_000;

export class LatencyLedger {
  #requests = 0;
  #failed = 0;
  #swaps = 0;
  readonly #underWay = { swap: 0, placebo: 0 };
  readonly #running = new Set<Record<Kind, boolean>>();
  readonly #latenciesMs = { swap: [] as number[], placebo: [] as number[] };
  readonly #now: () => number;

  /** @param now monotonic, ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  start(): (ending: "answered" | "failed" | "cancelled") => void {
    const startedMs = this.#now();
    const met = { swap: this.#underWay.swap > 0, placebo: this.#underWay.placebo > 0 };
    this.#running.add(met);
    return (ending) => {
      this.#running.delete(met);
      if (ending === "cancelled") return;
      this.#requests += 1;
      if (ending === "failed") this.#failed += 1;
      for (const kind of ["swap", "placebo"] as const) {
        if (!met[kind]) continue;
        const latencies = this.#latenciesMs[kind];
        latencies.push(this.#now() - startedMs);
        if (latencies.length > keep) latencies.splice(0, keep / 2);
      }
    };
  }

  startSwap(): () => void {
    this.#swaps += 1;
    return this.#begin("swap");
  }

  startPlacebo(): () => void {
    return this.#begin("placebo");
  }

  #begin(kind: Kind): () => void {
    this.#underWay[kind] += 1;
    for (const met of this.#running) met[kind] = true;
    return () => {
      this.#underWay[kind] -= 1;
    };
  }

  report(): ServingReport {
    const { swap, placebo } = this.#latenciesMs;
    const added = swap.length === 0 || placebo.length === 0 ? 0 : percentile(swap, 0.99) - percentile(placebo, 0.99);
    return {
      requests: this.#requests,
      failed: this.#failed,
      swaps: this.#swaps,
      p99AddedMs: Math.max(0, added),
    };
  }
}

function percentile(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))]!;
}
