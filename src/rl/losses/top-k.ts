/**
 * Distillation of a teacher's K likeliest tokens and of everything else together, its tail: reverse KL, with a gradient
 * through the student's probability of each.
 *   sum over v in K and the tail of p(v) [log p(v) - log t(v)]
 *
 * Shapes: L loss positions, padding included, K ids.
 * Sources: self-distillation as in OpenClaw-RL v1, arXiv:2603.10165, top-K distillation with K = 50; without a tail the
 * K tokens could be matched by moving mass out of sight of the loss.
 */
import { tf } from "../backend/tf.ts";

/** A tail counts as at least this, the student's and the teacher's: 1 minus a sum of float32 is no better known. */
export const tailFloor = 1e-6;

export interface TopKLossInputs {
  /** [L,K] under the policy that is trained; the only tensor with a gradient. */
  readonly logprobs: tf.Tensor2D;
  /** [L,K] the teacher's. */
  readonly teacher: tf.Tensor2D;
  /** [L] logarithm of the teacher's tail, 0 where untaught: see `teacherTail`. */
  readonly teacherTail: tf.Tensor1D;
  /** [L,K] 1 where an id stands, 0 for padding; an untaught position has none. */
  readonly mask: tf.Tensor2D;
  /** [L] as for the policy loss. */
  readonly weights: tf.Tensor1D;
}

export function topKLoss(inputs: TopKLossInputs): tf.Scalar {
  return tf.sum(tf.mul(topKDivergence(inputs), inputs.weights));
}

/** [L] nats; 0 where untaught. */
function topKDivergence({ logprobs, teacher, teacherTail, mask }: TopKLossInputs): tf.Tensor1D {
  const p = tf.mul(tf.exp(logprobs), mask);
  const tail = tf.maximum(tf.sub(1, tf.sum(p, -1)), tailFloor);
  const seen = tf.sum(tf.mul(p, tf.sub(logprobs, teacher)), -1);
  return tf.add(seen, tf.mul(tail, tf.sub(tf.log(tail), teacherTail)));
}

/** log(1 - sum of probabilities) of one position's K, in float64, floored as the student's is. */
export function teacherTail(logprobs: readonly number[]): number {
  const seen = logprobs.reduce((sum, logprob) => sum + Math.exp(logprob), 0);
  return Math.log(Math.max(1 - seen, tailFloor));
}
