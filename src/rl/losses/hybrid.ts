/**
 * The distillation half of the hybrid objective: PPO-clip on each token of a small support instead of on the taken token.
 *
 * Shapes: L loss positions, padding included, K ids of the support.
 * Source: OpenClaw-RL v2, arXiv:2603.10165, eq. 1 and overlap-guided distillation. Its advantages carry no gradient and
 * come from ../advantages/support.ts; padding has advantage 0.
 */
import { tf } from "../backend/tf.ts";
import { clippedSurrogate, type Clip, type SurrogateInputs } from "./surrogate.ts";

export interface HybridLossInputs extends SurrogateInputs<tf.Tensor2D> {
  /** [L] as for the policy loss. */
  readonly weights: tf.Tensor1D;
}

/** sum over positions of weight * sum over the support of max(-A r, -A clip(r, 1 - low, 1 + high)). */
export function hybridLoss(inputs: HybridLossInputs, clip: Clip): tf.Scalar {
  return tf.sum(tf.mul(tf.sum(clippedSurrogate(inputs, clip), -1), inputs.weights));
}
