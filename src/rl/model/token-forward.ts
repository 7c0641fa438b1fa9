/** The forward pass for decoding, by whatever means the backend has. */
import { hasFusedKernel } from "../backend/fused-kernels.ts";
import type { ModelConfig } from "./contract.ts";
import type { DecodeState } from "./decode-state.ts";
import type { CapturedWeights } from "./device-weights.ts";
import { DeviceForward } from "./device-forward.ts";
import { IncrementalForward } from "./incremental.ts";

export interface TokenForward {
  /**
   * Feeds every token that a state's cache lacks, and returns each state's next-token log-probabilities [V] at
   * temperature 1.
   */
  run(states: readonly DecodeState[]): Promise<Float64Array[]>;
  dispose(): void;
}

/** Takes ownership of the weights. */
export async function createTokenForward(config: ModelConfig, weights: CapturedWeights): Promise<TokenForward> {
  return hasFusedKernel("cachedAttention")
    ? new DeviceForward(config, weights)
    : IncrementalForward.create(config, weights);
}
