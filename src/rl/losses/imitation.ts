/** Cross-entropy on demonstrations. L loss positions, padding included. */
import { tf } from "../backend/tf.ts";

/** -sum(weights * logprobs). Weights [L] carry the mask and the normalisation: 1 / (loss tokens of the whole batch). */
export function imitationLoss(logprobs: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar {
  return tf.neg(tf.sum(tf.mul(logprobs, weights)));
}
