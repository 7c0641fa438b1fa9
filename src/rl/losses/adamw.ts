/**
 * AdamW for one parameter of any shape.
 * Source: Loshchilov and Hutter, arXiv:1711.05101, algorithm 2 with decoupled decay scaled by the learning rate.
 */
import { hasFusedKernel, runFusedKernel } from "../backend/fused-kernels.ts";
import { tf } from "../backend/tf.ts";

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export interface AdamWStep extends AdamWOptions {
  /** From 1. */
  readonly step: number;
  readonly learningRate: number;
  /** The gradient counts as this many times itself: what clips its norm. */
  readonly gradientFactor: number;
}

/** All of one shape. */
export interface AdamWState {
  readonly parameter: tf.Tensor;
  /** First and second moment. */
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
}

/**
 * One step along `gradient`. Consumes the state's tensors and gives new ones: a backend that has this as one kernel works
 * in place where nobody else holds their memory, so that a step needs no second copy of a model.
 */
export function adamWStep(state: AdamWState, gradient: tf.Tensor, options: AdamWStep): AdamWState {
  const run = hasFusedKernel("adamw") ? fusedStep : composedStep;
  const after = tf.tidy(() => ({ ...run(state, gradient, options) })) as AdamWState;
  tf.dispose([state.parameter, state.first, state.second]);
  return after;
}

function fusedStep(state: AdamWState, gradient: tf.Tensor, options: AdamWStep): AdamWState {
  const [parameter, first, second] = runFusedKernel("adamw", { ...state, gradient }, { ...options });
  return { parameter: parameter!, first: first!, second: second! };
}

function composedStep(state: AdamWState, given: tf.Tensor, options: AdamWStep): AdamWState {
  const { beta1, beta2, epsilon, weightDecay, step, learningRate, gradientFactor } = options;
  const gradient = tf.mul(given, gradientFactor);
  const first = tf.add(tf.mul(state.first, beta1), tf.mul(gradient, 1 - beta1));
  const second = tf.add(tf.mul(state.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const denominator = tf.add(tf.sqrt(tf.mul(second, 1 / (1 - beta2 ** step))), epsilon);
  const update = tf.div(tf.mul(first, learningRate / (1 - beta1 ** step)), denominator);
  const kept = weightDecay === 0 ? state.parameter : tf.mul(state.parameter, 1 - learningRate * weightDecay);
  return { parameter: tf.sub(kept, update), first, second };
}

/** Of all of them together, as a scalar: added up in double precision where the backend can. */
export function gradientNorm(gradients: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => {
    const squares = hasFusedKernel("sumOfSquares")
      ? runFusedKernel("sumOfSquares", Object.fromEntries(gradients.map((gradient, i) => [i, gradient])))[0]!
      : gradients
          .map((gradient) => tf.sum(rowSums(tf.square(gradient))))
          .reduce((sum: tf.Tensor, part) => tf.add(sum, part));
    return tf.sqrt(squares) as tf.Scalar;
  });
}

/** In two stages: a million float32 added one after the other come out a thousandth short. */
function rowSums(x: tf.Tensor): tf.Tensor {
  return x.rank === 0 ? x : tf.sum(x, -1);
}

/** Factor that brings a gradient of this norm within `maxNorm`: min(1, maxNorm / (norm + 1e-6)). */
export function clipFactor(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}

/** Linear from `rate / warmupSteps` at step 1 to `rate`, then constant. Steps count from 1. */
export function learningRateAt(step: number, rate: number, warmupSteps: number): number {
  return warmupSteps === 0 ? rate : rate * Math.min(1, step / warmupSteps);
}
