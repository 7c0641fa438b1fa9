/**
 * Names and meanings of the kernels that a backend may add beyond TensorFlow.js's own.
 *
 * A backend that has one is used through it; on every other backend src/rl/model/ops.ts composes the same function from
 * ordinary operations. Both must agree to float32 rounding: test/rl/backend/fused-kernels.test.ts.
 */
import { tf } from "./tf.ts";

export const fusedKernels = {
  /** {x [N,D], weight [D]} and {epsilon} to [y [N,D], inverse root mean square [N]]. */
  rmsNorm: "AfterstateRmsNorm",
  /** {dy, x, weight, inverse} and {epsilon} to [dx [N,D], dweight [D]]. */
  rmsNormGrad: "AfterstateRmsNormGrad",
  /**
   * {qkv [B*T,(H+2K)*S], cos [T,S/2], sin [T,S/2]} and {batch, time, heads, kvHeads} to [out [B*T,H*S], saved0, saved1].
   * Columns of qkv are q, k, v; q and k are rotated here. What `saved` holds is the backend's own business.
   */
  attention: "AfterstateAttention",
  /** {dy, cos, sin, saved0, saved1} and the same attributes to [dqkv]. */
  attentionGrad: "AfterstateAttentionGrad",
  /** {gate [N,F], up [N,F]} to [silu(gate) * up]. */
  swiglu: "AfterstateSwiglu",
  /** {dy, gate, up} to [dgate, dup]. */
  swigluGrad: "AfterstateSwigluGrad",
  /**
   * {logits [L,V], targets [L], inverse [L]: inverse temperatures} to [log-probability of each target [L], entropy [L],
   * saved].
   */
  tokenLogprobs: "AfterstateTokenLogprobs",
  /** {dy, logits, targets, inverse, saved} to [dlogits]. The entropy has no gradient. */
  tokenLogprobsGrad: "AfterstateTokenLogprobsGrad",
  /**
   * The same of a mixture with copies from the context: {logits [L,V], scores [B,M,T], gates [L], tokens [B,T],
   * rows [L], targets [L], inverse [L]} and {scale} to [log-probabilities [L], entropy [L], saved].
   */
  copyLogprobs: "AfterstateCopyLogprobs",
  /** {dy, logits, saved, gates, tokens, rows, targets, inverse} and {scale} to [dlogits, dscores, dgates]. */
  copyLogprobsGrad: "AfterstateCopyLogprobsGrad",
  /**
   * Decoding, N sequences with R new rows: {qkv [R,(H+2K)*S], cos [C,S/2], sin, caches N x [layers, 2, capacity, K*S]} and
   * {layer, heads, kvHeads, runs} to [out [R,H*S]]. Runs: first position and count of new rows, for each sequence. The
   * rows' keys and values are put into the caches, in place.
   */
  cachedAttention: "AfterstateCachedAttention",
  /**
   * {logits [N,V], queries [N,D], gates [N], keys [R,D], tokens: all sequences' joined, caches N x [capacity, D]} and {runs}
   * to [log of the mixture with copies [N,V]], at each sequence's last row. Puts the keys into the caches, in place.
   */
  cachedCopies: "AfterstateCachedCopies",
  /** {target, source} and {axis, rows}: the first rows of one cache, in place. */
  cacheCopy: "AfterstateCacheCopy",
  /** See src/rl/losses/adamw.ts, which hands over its tensors: they may be changed in place. */
  adamw: "AfterstateAdamW",
  /** Tensors of any shape, by whatever names, to [the sum of all squares], added up in double precision. */
  sumOfSquares: "AfterstateSumOfSquares",
} as const;

export type FusedKernel = keyof typeof fusedKernels;

export function hasFusedKernel(kernel: FusedKernel): boolean {
  return tf.getKernel(fusedKernels[kernel], tf.getBackend()) !== undefined;
}

export function runFusedKernel(
  kernel: FusedKernel,
  inputs: Record<string, tf.Tensor>,
  attributes: Record<string, number | readonly number[]> = {},
): tf.Tensor[] {
  return tf.engine().runKernel<tf.Tensor[]>(fusedKernels[kernel], inputs, attributes);
}
