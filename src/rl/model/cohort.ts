/** Sequences that are decoded under one version of the weights, with what was computed under it. */
import type { ModelConfig } from "./contract.ts";
import type { DecodeState } from "./decode-state.ts";
import type { DeviceWeights } from "./device-weights.ts";
import type { EndOfCompletion } from "./end-of-completion.ts";
import { createTokenForward, type TokenForward } from "./token-forward.ts";
import { PrefixCache } from "./prefix-cache.ts";
import { sampleToken } from "./sampling.ts";

const prefixEntries = 64;

export class Cohort {
  readonly version: number;
  /** Of the weights' values. */
  readonly revision: number;
  readonly prefixes = new PrefixCache(prefixEntries);
  running: DecodeState[] = [];
  readonly #forward: TokenForward;

  private constructor(forward: TokenForward, version: number, revision: number) {
    this.#forward = forward;
    this.version = version;
    this.revision = revision;
  }

  /** Keeps the values that the weights have now, whatever becomes of them later. */
  static async of(config: ModelConfig, weights: DeviceWeights, version: number): Promise<Cohort> {
    const { revision } = weights;
    return new Cohort(await createTokenForward(config, weights.capture()), version, revision);
  }

  /** One token for each of these; what is finished leaves and is answered. */
  async advance(states: readonly DecodeState[], hasEnded: EndOfCompletion): Promise<void> {
    const fresh = states.filter((state) => state.generated === 0);
    const distributions = await this.#forward.run(states);
    for (const state of fresh) this.prefixes.remember(state);
    states.forEach((state, i) => {
      const { sampling, random } = state.request;
      const { token, logprob } = sampleToken(distributions[i]!, sampling, random);
      state.append(token, logprob, this.version);
      const completion = state.completion(hasEnded);
      if (completion === null) return;
      this.running.splice(this.running.indexOf(state), 1);
      this.prefixes.remember(state);
      state.resolve(completion);
    });
  }

  dispose(): void {
    this.prefixes.clear();
    this.#forward.dispose();
  }
}
