/**
 * Continuous batching: whoever calls, requests join the running batch at the next token and leave when they finish.
 *
 * One pass is one token for every running sequence (and the whole prompt of those that just joined). Between passes
 * the event loop turns, so that new requests and new weights are noticed.
 */
import type { Completion, CompletionRequest, ModelConfig } from "./contract.ts";
import { DecodeState } from "./decode-state.ts";
import type { DeviceWeights } from "./device-weights.ts";
import { IncrementalForward } from "./incremental.ts";
import type { Mutex } from "./mutex.ts";
import { PrefixCache } from "./prefix-cache.ts";
import { sampleToken } from "./sampling.ts";

export interface DecoderHost {
  readonly config: ModelConfig;
  readonly weights: DeviceWeights;
  readonly eosId: number;
  /** Held during a pass; whoever replaces the weights holds it too. */
  readonly mutex: Mutex;
  version(): number;
}

/** More sequences at once gain nothing on one core and delay the first of them. */
const maxRunning = 64;
/** Rows of one pass, so that a crowd of long prompts does not hold up the running sequences. */
const maxRows = 2048;
const prefixEntries = 64;

export class Decoder {
  readonly #host: DecoderHost;
  readonly #forward: IncrementalForward;
  readonly #prefixes = new PrefixCache(prefixEntries);
  #waiting: DecodeState[] = [];
  #running: DecodeState[] = [];
  /** Revision of the weights that every cache row was computed with. */
  #revision = -1;
  #busy = false;

  constructor(host: DecoderHost) {
    this.#host = host;
    this.#forward = new IncrementalForward(host.config, host.weights);
  }

  generate(request: CompletionRequest, signal: AbortSignal | undefined): Promise<Completion> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(new DecodeState(this.#host.config, request, signal, { resolve, reject }));
      if (!this.#busy) void this.#loop();
    });
  }

  dispose(): void {
    this.#fail(new Error("the model was disposed"));
    this.#forward.dispose();
  }

  async #loop(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting.length + this.#running.length > 0) {
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
    const { weights, eosId } = this.#host;
    if (this.#revision !== weights.revision) {
      this.#revision = weights.revision;
      this.#prefixes.clear();
      for (const state of this.#running) state.length = 0;
      await this.#forward.refresh();
    }
    this.#dropAborted();
    const states = this.#admit();
    if (states.length === 0) return;
    const fresh = states.filter((state) => state.generated === 0);
    const version = this.#host.version();
    const distributions = await this.#forward.run(states);
    for (const state of fresh) this.#prefixes.remember(state);
    states.forEach((state, i) => {
      const { sampling, random } = state.request;
      const { token, logprob } = sampleToken(distributions[i]!, sampling, random);
      state.append(token, logprob, version);
      const completion = state.completion(eosId);
      if (completion === null) return;
      this.#running.splice(this.#running.indexOf(state), 1);
      this.#prefixes.remember(state);
      state.resolve(completion);
    });
  }

  /** The states of this pass: running ones first, then as many waiting ones as there is room for. */
  #admit(): DecodeState[] {
    const states: DecodeState[] = [];
    let rows = 0;
    for (const state of this.#running) {
      const cost = state.tokens.length - state.length;
      if (states.length > 0 && rows + cost > maxRows) continue;
      states.push(state);
      rows += cost;
    }
    const stillWaiting: DecodeState[] = [];
    const leading = new Set<string>();
    for (const state of this.#waiting) {
      // The last token always goes through, because its output is what is sampled from.
      const found = this.#prefixes.find(state.tokens, state.tokens.length - 1);
      const cost = state.tokens.length - (found?.length ?? 0);
      const key = state.tokens.join();
      const full = this.#running.length >= maxRunning || (states.length > 0 && rows + cost > maxRows);
      // Attempts at one task share their prompt: the first computes it, the others take it over one pass later.
      if (full || (leading.has(key) && cost > 1)) {
        stillWaiting.push(state);
        continue;
      }
      leading.add(key);
      if (found) state.adopt(found.cache, found.length, this.#host.config.dModel);
      this.#running.push(state);
      states.push(state);
      rows += cost;
    }
    this.#waiting = stillWaiting;
    return states;
  }

  #dropAborted(): void {
    const keep = (state: DecodeState): boolean => {
      if (!state.signal?.aborted) return true;
      state.reject(state.signal.reason);
      return false;
    };
    this.#waiting = this.#waiting.filter(keep);
    this.#running = this.#running.filter(keep);
  }

  #fail(error: unknown): void {
    for (const state of [...this.#waiting, ...this.#running]) state.reject(error);
    this.#waiting = [];
    this.#running = [];
  }
}
