/**
 * Continuous batching: whoever calls, requests join the running batch at the next token and leave when they finish.
 *
 * One pass is one token for every running sequence (and the whole prompt of those that just joined). Between passes
 * the event loop turns, so that new requests and new weights are noticed. Sequences that run when new weights come finish
 * under those they began with, beside the newcomers: nothing is computed twice, and a swap adds no more than a pass.
 * At most two versions run at once: where a third comes, the oldest sequences move to it, and their prompts with them.
 */
import type { Completion, CompletionRequest, ModelConfig } from "./contract.ts";
import { Cohort } from "./cohort.ts";
import { DecodeState } from "./decode-state.ts";
import type { DeviceWeights } from "./device-weights.ts";
import type { EndOfCompletion } from "./end-of-completion.ts";
import type { Mutex } from "./mutex.ts";

export interface DecoderHost {
  readonly config: ModelConfig;
  readonly weights: DeviceWeights;
  readonly hasEnded: EndOfCompletion;
  /** Held during a pass; whoever replaces the weights holds it too. */
  readonly mutex: Mutex;
  version(): number;
}

/** More sequences at once gain nothing on one core and delay the first of them. */
const maxRunning = 64;
/** Rows of one pass, so that a crowd of long prompts does not hold up the running sequences. */
const maxRows = 2048;

export class Decoder {
  readonly #host: DecoderHost;
  #waiting: DecodeState[] = [];
  /** Takes the requests that come; null before the first. */
  #current: Cohort | null = null;
  /** Finishes what it began. */
  #leaving: Cohort | null = null;
  #busy = false;

  constructor(host: DecoderHost) {
    this.#host = host;
  }

  generate(request: CompletionRequest, signal: AbortSignal | undefined): Promise<Completion> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(new DecodeState(this.#host.config, request, signal, { resolve, reject }));
      if (!this.#busy) void this.#loop();
    });
  }

  /** Makes ready for weights that have just been replaced; the caller holds the mutex. */
  async renew(): Promise<void> {
    // Before the first request there is nothing to make ready for.
    if (this.#current) await this.#newest();
  }

  dispose(): void {
    this.#fail(new Error("the model was disposed"));
    this.#current?.dispose();
    this.#leaving?.dispose();
    this.#current = this.#leaving = null;
  }

  async #loop(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting.length + this.#runningCount() > 0) {
        // A turn of the event loop: calls made together are then admitted together, and messages are heard.
        await new Promise((resolve) => setImmediate(resolve));
        await this.#host.mutex.run(() => this.#pass());
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#busy = false;
    }
  }

  async #pass(): Promise<void> {
    const { hasEnded } = this.#host;
    const current = await this.#newest();
    this.#dropAborted();
    if (this.#leaving) {
      await this.#leaving.advance([...this.#leaving.running], hasEnded);
      this.#dropEmpty();
    }
    const states = this.#admit(current);
    if (states.length > 0) await current.advance(states, hasEnded);
  }

  /** The cohort of the weights as they are now. */
  async #newest(): Promise<Cohort> {
    const { config, weights } = this.#host;
    const before = this.#current;
    if (before?.revision === weights.revision) return before;
    const current = await Cohort.of(config, weights, this.#host.version());
    this.#current = current;
    // Sequences of two swaps ago are prefilled anew: what they say next is the newest weights' word.
    for (const state of this.#leaving?.running ?? []) {
      state.length = 0;
      current.running.push(state);
    }
    this.#leaving?.dispose();
    this.#leaving = before;
    this.#dropEmpty();
    return current;
  }

  #dropEmpty(): void {
    if (this.#leaving?.running.length !== 0) return;
    this.#leaving.dispose();
    this.#leaving = null;
  }

  /** The states of this pass: running ones first, then as many waiting ones as there is room for. */
  #admit(cohort: Cohort): DecodeState[] {
    const states: DecodeState[] = [];
    let rows = 0;
    for (const state of cohort.running) {
      const cost = state.tokens.length - state.length;
      if (states.length > 0 && rows + cost > maxRows) continue;
      states.push(state);
      rows += cost;
    }
    const stillWaiting: DecodeState[] = [];
    const leading = new Set<string>();
    for (const state of this.#waiting) {
      // The last token always goes through, because its output is what is sampled from.
      const found = cohort.prefixes.find(state.tokens, state.tokens.length - 1);
      const cost = state.tokens.length - (found?.length ?? 0);
      const key = state.tokens.join();
      const full = this.#runningCount() >= maxRunning || (states.length > 0 && rows + cost > maxRows);
      // Attempts at one task share their prompt: the first computes it, the others take it over one pass later.
      if (full || (leading.has(key) && cost > 1)) {
        stillWaiting.push(state);
        continue;
      }
      leading.add(key);
      if (found) state.adopt(found.cache, found.length);
      cohort.running.push(state);
      states.push(state);
      rows += cost;
    }
    this.#waiting = stillWaiting;
    return states;
  }

  #runningCount(): number {
    return (this.#current?.running.length ?? 0) + (this.#leaving?.running.length ?? 0);
  }

  #dropAborted(): void {
    const keep = (state: DecodeState): boolean => {
      if (!state.signal?.aborted) return true;
      state.reject(state.signal.reason);
      return false;
    };
    this.#waiting = this.#waiting.filter(keep);
    for (const cohort of [this.#current, this.#leaving]) if (cohort) cohort.running = cohort.running.filter(keep);
  }

  #fail(error: unknown): void {
    const cohorts = [this.#current, this.#leaving];
    for (const state of [...this.#waiting, ...cohorts.flatMap((cohort) => cohort?.running ?? [])]) state.reject(error);
    this.#waiting = [];
    for (const cohort of cohorts) if (cohort) cohort.running = [];
  }
}
