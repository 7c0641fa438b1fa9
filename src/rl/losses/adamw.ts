/**
 * AdamW over one flat vector of all P parameters: a dozen kernels a step, whatever the number of matrices.
 * Source: Loshchilov and Hutter, arXiv:1711.05101, algorithm 2 with decoupled decay scaled by the learning rate.
 */
import { tf } from "../backend/tf.ts";

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export interface AdamWState {
  /** [P] */
  readonly parameters: tf.Tensor1D;
  /** [P] first and second moments. */
  readonly first: tf.Tensor1D;
  readonly second: tf.Tensor1D;
}

/**
 * Step `step` (from 1). `decayMask` [P] is 1 where weight decay applies. Returns new tensors; the old ones are the
 * caller's to dispose.
 */
export function adamWStep(
  state: AdamWState,
  gradient: tf.Tensor1D,
  decayMask: tf.Tensor1D,
  step: number,
  learningRate: number,
  options: AdamWOptions,
): AdamWState {
  const { beta1, beta2, epsilon, weightDecay } = options;
  return tf.tidy(() => {
    const first: tf.Tensor1D = tf.add(tf.mul(state.first, beta1), tf.mul(gradient, 1 - beta1));
    const second: tf.Tensor1D = tf.add(tf.mul(state.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const denominator = tf.add(tf.sqrt(tf.mul(second, 1 / (1 - beta2 ** step))), epsilon);
    const update = tf.div(tf.mul(first, learningRate / (1 - beta1 ** step)), denominator);
    const kept =
      weightDecay === 0
        ? state.parameters
        : tf.mul(state.parameters, tf.sub(1, tf.mul(decayMask, learningRate * weightDecay)));
    return { parameters: tf.sub<tf.Tensor1D>(kept, update), first, second };
  }) as AdamWState;
}

/** Factor that brings a gradient of this norm within `maxNorm`: min(1, maxNorm / (norm + 1e-6)). */
export function clipFactor(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}

/** Linear from `rate / warmupSteps` at step 1 to `rate`, then constant. Steps count from 1. */
export function learningRateAt(step: number, rate: number, warmupSteps: number): number {
  return warmupSteps === 0 ? rate : rate * Math.min(1, step / warmupSteps);
}
