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
  /** {dy, x, weight, inverse} to [dx [N,D], dweight [D]]. */
  rmsNormGrad: "AfterstateRmsNormGrad",
  /** {qkv [B*T,3D]} and {batch, time, heads} to [out [B*T,D], probabilities [B,H,T,T], rotated [3,B,H,T,D/H]]. */
  attention: "AfterstateAttention",
  /** {dy, probabilities, rotated} to [dqkv]. */
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

/** RoPE base, as in Su et al. 2021 (arXiv:2104.09864). */
export const ropeBase = 10_000;

/** cos and sin [time, headSize / 2] for the half-split layout: dimension i is rotated with i + headSize / 2. */
export function ropeTables(time: number, headSize: number): { cos: Float32Array; sin: Float32Array } {
  const half = headSize / 2;
  const cos = new Float32Array(time * half);
  const sin = new Float32Array(time * half);
  for (let t = 0; t < time; t++) {
    for (let i = 0; i < half; i++) {
      const angle = t * ropeBase ** (-i / half);
      cos[t * half + i] = Math.cos(angle);
      sin[t * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
