import type { Clock } from "../core/clock.ts";

export type EpisodeCut = "cancelled" | "max_time" | "lease_expired";

/** What can end an episode from outside, as one signal that remembers which of them came first. */
export class EpisodeSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #unlink: (() => void)[] = [];
  #cut: EpisodeCut | null = null;

  /** @param maxTimeMs null: no deadline. */
  constructor(run: AbortSignal, clock: Clock, maxTimeMs: number | null) {
    this.follow(run, "cancelled");
    if (maxTimeMs === null) return;
    const timer = new AbortController();
    this.#unlink.push(() => timer.abort(new Error("settled")));
    clock.sleep(maxTimeMs, timer.signal).then(
      () => this.#abort("max_time", new Error(`the episode's ${maxTimeMs} ms are spent`)),
      () => undefined,
    );
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the signal aborted; null while it has not. */
  get cut(): EpisodeCut | null {
    return this.#cut;
  }

  follow(signal: AbortSignal, cut: EpisodeCut): void {
    const onAbort = () => this.#abort(cut, signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    this.#unlink.push(() => signal.removeEventListener("abort", onAbort));
  }

  [Symbol.dispose](): void {
    for (const unlink of this.#unlink.splice(0)) unlink();
  }

  #abort(cut: EpisodeCut, reason: unknown): void {
    this.#cut ??= cut;
    this.#controller.abort(reason);
  }
}
