/** PPO-clip with an optional k3 penalty towards a reference. L loss positions, padding included. */
import { tf } from "../backend/tf.ts";

export interface PolicyLossInputs {
  /** [L] under the policy that is trained; the only tensor with a gradient. */
  readonly logprobs: tf.Tensor1D;
  /** [L] as recorded when sampled, at the same temperature. */
  readonly behaviour: tf.Tensor1D;
  /** [L] each call's advantage, on each of its tokens. */
  readonly advantages: tf.Tensor1D;
  /** [L] 1 / (calls * tokens of the call) where real, else 0: token mean within a call, then the mean over calls. */
  readonly weights: tf.Tensor1D;
  /** [L], when klCoefficient > 0. */
  readonly reference: tf.Tensor1D | null;
}

export interface PolicyLossOptions {
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly klCoefficient: number;
}

/** |log ratio| beyond this counts as it: the exponential stays finite, as in reference implementations. */
const maxLogRatio = 20;

/**
 * sum w * [ max(-r A, -clip(r, 1 - low, 1 + high) A) + beta * k3 ], with r = exp(log pi - log behaviour) and
 * k3 = exp(d) - d - 1, d = log reference - log pi.
 *
 * Sources: PPO arXiv:1707.06347 eq. 7; the asymmetric clip of DAPO arXiv:2503.14476; k3, or "low_var_kl", from
 * Schulman's note on approximating KL. The ratio is taken against the recorded log-probabilities, so that a stale
 * sample is corrected for, not against a recomputation by the trainer.
 */
export function policyLoss(inputs: PolicyLossInputs, options: PolicyLossOptions): tf.Scalar {
  const { logprobs, behaviour, advantages, weights, reference } = inputs;
  const ratio = tf.exp(tf.clipByValue(tf.sub(logprobs, behaviour), -maxLogRatio, maxLogRatio));
  const clipped = tf.clipByValue(ratio, 1 - options.clipLow, 1 + options.clipHigh);
  const surrogate = tf.maximum(tf.neg(tf.mul(ratio, advantages)), tf.neg(tf.mul(clipped, advantages)));
  const total = tf.sum<tf.Scalar>(tf.mul(surrogate, weights));
  if (options.klCoefficient === 0 || reference === null) return total;
  return tf.add(total, tf.mul(options.klCoefficient, tf.sum(tf.mul(k3(logprobs, reference), weights))));
}

/** [L] exp(d) - d - 1 with d = log reference - log pi: never negative, unbiased for KL(pi || reference). */
export function k3(logprobs: tf.Tensor1D, reference: tf.Tensor1D): tf.Tensor1D {
  const d = tf.clipByValue(tf.sub(reference, logprobs), -maxLogRatio, maxLogRatio);
  return tf.sub(tf.sub(tf.exp(d), d), 1);
}
