/**
 * AdamW over one flat vector of all P parameters: a dozen kernels a step, whatever the number of matrices.
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

export interface AdamWState {
  /** [P] */
  readonly parameters: tf.Tensor1D;
  /** [P] first and second moments. */
  readonly first: tf.Tensor1D;
  readonly second: tf.Tensor1D;
}

/**
 * Step `step` (from 1) along `gradient` * `gradientFactor`. `decayMask` [P] is 1 where weight decay applies.
 *
 * Consumes the state's tensors and gives new ones: a backend that has this as one kernel works in place where nobody else
 * holds their memory, so that a step needs no second copy of a model.
 */
export function adamWStep(
  state: AdamWState,
  gradient: tf.Tensor1D,
  decayMask: tf.Tensor1D,
  step: number,
  learningRate: number,
  options: AdamWOptions,
  gradientFactor = 1,
): AdamWState {
  const run = hasFusedKernel("adamw") ? fusedStep : composedStep;
  const corrections = { correction1: 1 - options.beta1 ** step, correction2: 1 - options.beta2 ** step };
  const numbers = { ...options, ...corrections, learningRate, gradientFactor };
  const after = tf.tidy(() => ({ ...run(state, { gradient, decayMask }, numbers) })) as AdamWState;
  tf.dispose([state.parameters, state.first, state.second]);
  return after;
}

interface StepNumbers extends AdamWOptions {
  readonly correction1: number;
  readonly correction2: number;
  readonly learningRate: number;
  readonly gradientFactor: number;
}
type StepTensors = Readonly<Record<"gradient" | "decayMask", tf.Tensor1D>>;

function fusedStep(state: AdamWState, tensors: StepTensors, numbers: StepNumbers): AdamWState {
  const results = runFusedKernel("adamw", { ...state, ...tensors }, { ...numbers });
  const [parameters, first, second] = results as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  return { parameters, first, second };
}

function composedStep(state: AdamWState, tensors: StepTensors, numbers: StepNumbers): AdamWState {
  const { beta1, beta2, epsilon, weightDecay, correction1, correction2, learningRate, gradientFactor } = numbers;
  const gradient = tf.mul(tensors.gradient, gradientFactor);
  const first: tf.Tensor1D = tf.add(tf.mul(state.first, beta1), tf.mul(gradient, 1 - beta1));
  const second: tf.Tensor1D = tf.add(tf.mul(state.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const denominator = tf.add(tf.sqrt(tf.mul(second, 1 / correction2)), epsilon);
  const update = tf.div(tf.mul(first, learningRate / correction1), denominator);
  const kept =
    weightDecay === 0
      ? state.parameters
      : tf.mul(state.parameters, tf.sub(1, tf.mul(tensors.decayMask, learningRate * weightDecay)));
  return { parameters: tf.sub<tf.Tensor1D>(kept, update), first, second };
}

/** Of all of them together, as a scalar: added up in double precision where the backend can. */
export function gradientNorm(gradients: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => {
    const squares = hasFusedKernel("sumOfSquares")
      ? runFusedKernel("sumOfSquares", Object.fromEntries(gradients.map((gradient, i) => [i, gradient])))[0]!
      : tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient))));
    return tf.sqrt(squares) as tf.Scalar;
  });
}

/** Factor that brings a gradient of this norm within `maxNorm`: min(1, maxNorm / (norm + 1e-6)). */
export function clipFactor(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}

/** Linear from `rate / warmupSteps` at step 1 to `rate`, then constant. Steps count from 1. */
export function learningRateAt(step: number, rate: number, warmupSteps: number): number {
  return warmupSteps === 0 ? rate : rate * Math.min(1, step / warmupSteps);
}
