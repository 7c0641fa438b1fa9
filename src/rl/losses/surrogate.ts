/** The clipped surrogate of PPO on tensors of any one shape S: of tokens [L], or of tokens by support [L,K]. */
import { tf } from "../backend/tf.ts";

export interface SurrogateInputs<T extends tf.Tensor> {
  /** S, under the policy that is trained; the only tensor with a gradient. */
  readonly logprobs: T;
  /** S, of the policy that the ratio is taken against. */
  readonly old: T;
  /** S; 0 where there is nothing to train on. */
  readonly advantages: T;
}

export interface Clip {
  readonly clipLow: number;
  readonly clipHigh: number;
}

/** |log ratio| beyond this counts as it: the exponential stays finite, as in reference implementations. */
export const maxLogRatio = 20;

/**
 * max(-r A, -clip(r, 1 - low, 1 + high) A), with r = exp(log pi - log old). Shape S.
 *
 * Sources: PPO arXiv:1707.06347 eq. 7; the asymmetric clip of DAPO arXiv:2503.14476.
 */
export function clippedSurrogate<T extends tf.Tensor>(inputs: SurrogateInputs<T>, { clipLow, clipHigh }: Clip): T {
  const { logprobs, old, advantages } = inputs;
  const ratio = tf.exp(tf.clipByValue(tf.sub(logprobs, old), -maxLogRatio, maxLogRatio));
  const clipped = tf.clipByValue(ratio, 1 - clipLow, 1 + clipHigh);
  return tf.maximum(tf.neg(tf.mul(ratio, advantages)), tf.neg(tf.mul(clipped, advantages)));
}
