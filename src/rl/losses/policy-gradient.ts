/** PPO-clip with an optional k3 penalty towards a reference. L loss positions, padding included. */
import { tf } from "../backend/tf.ts";
import { clippedSurrogate, maxLogRatio, type Clip, type SurrogateInputs } from "./surrogate.ts";

/**
 * `old` [L] is what the ratio is taken against: the log-probabilities recorded at sampling, so that a stale sample is
 * corrected for; or those of the proximal policy, with the behaviour's weight in the advantages (see
 * ../advantages/importance.ts).
 */
export interface PolicyLossInputs extends SurrogateInputs<tf.Tensor1D> {
  /** [L] 1 / (calls * tokens of the call) where real, else 0: token mean within a call, then the mean over calls. */
  readonly weights: tf.Tensor1D;
  /** [L], when klCoefficient > 0. */
  readonly reference: tf.Tensor1D | null;
}

export interface PolicyLossOptions extends Clip {
  readonly klCoefficient: number;
}

/**
 * sum w * [ max(-r A, -clip(r, 1 - low, 1 + high) A) + beta * k3 ], with r = exp(log pi - log old) and
 * k3 = exp(d) - d - 1, d = log reference - log pi.
 *
 * Sources: see `clippedSurrogate`; k3, or "low_var_kl", from Schulman's note on approximating KL.
 */
export function policyLoss(inputs: PolicyLossInputs, options: PolicyLossOptions): tf.Scalar {
  const { logprobs, weights, reference } = inputs;
  const total = tf.sum<tf.Scalar>(tf.mul(clippedSurrogate(inputs, options), weights));
  if (options.klCoefficient === 0 || reference === null) return total;
  return tf.add(total, tf.mul(options.klCoefficient, tf.sum(tf.mul(k3(logprobs, reference), weights))));
}

/** [L] exp(d) - d - 1 with d = log reference - log pi: never negative, unbiased for KL(pi || reference). */
export function k3(logprobs: tf.Tensor1D, reference: tf.Tensor1D): tf.Tensor1D {
  const d = tf.clipByValue(tf.sub(reference, logprobs), -maxLogRatio, maxLogRatio);
  return tf.sub(tf.sub(tf.exp(d), d), 1);
}
