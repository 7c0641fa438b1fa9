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
  /** {dy, qkv, cos, sin, out, saved0, saved1} and the same attributes to [dqkv]. */
  attentionGrad: "AfterstateAttentionGrad",
  /** {gate [N,F], up [N,F]} to [silu(gate) * up, sigmoid(gate)]. */
  swiglu: "AfterstateSwiglu",
  /** {dy, gate, up, sigmoid} to [dgate, dup]. */
  swigluGrad: "AfterstateSwigluGrad",
} as const;

export type FusedKernel = keyof typeof fusedKernels;

export function hasFusedKernel(kernel: FusedKernel): boolean {
  return tf.getKernel(fusedKernels[kernel], tf.getBackend()) !== undefined;
}

export function runFusedKernel(
  kernel: FusedKernel,
  inputs: Record<string, tf.Tensor>,
  attributes: Record<string, number> = {},
): tf.Tensor[] {
  return tf.engine().runKernel<tf.Tensor[]>(fusedKernels[kernel], inputs, attributes);
}
