/**
 * The model's building blocks as differentiable functions: through a backend's fused kernel where it has one, else
 * composed from ordinary operations. Shapes: N = B*T rows, D model width, H heads, S = D/H, F feed-forward width.
 */
import { hasFusedKernel, ropeTables, runFusedKernel } from "../backend/fused-kernels.ts";
import { tf } from "../backend/tf.ts";

export const normEpsilon = 1e-5;

type Save = (tensors: tf.Tensor[]) => void;

/** x / rms(x) * weight, over the last axis (Zhang and Sennrich 2019, arXiv:1910.07467). x [N,D], weight [D]. */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D): tf.Tensor2D {
  if (!hasFusedKernel("rmsNorm"))
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), normEpsilon))), weight);
  return tf.customGrad((x, weight, save) => {
    const [y, inverse] = runFusedKernel(
      "rmsNorm",
      { x: x as tf.Tensor, weight: weight as tf.Tensor },
      { epsilon: normEpsilon },
    );
    (save as unknown as Save)([x as tf.Tensor, weight as tf.Tensor, inverse!]);
    return {
      value: y!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        runFusedKernel("rmsNormGrad", { dy, x: saved[0]!, weight: saved[1]!, inverse: saved[2]! }),
    };
  })(x, weight) as tf.Tensor2D;
}

/** silu(gate) * up (Shazeer 2020, arXiv:2002.05202). Both [N,F]. */
export function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  if (!hasFusedKernel("swiglu")) return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
  return tf.customGrad((gate, up, save) => {
    const [y, sigmoid] = runFusedKernel("swiglu", { gate: gate as tf.Tensor, up: up as tf.Tensor });
    (save as unknown as Save)([gate as tf.Tensor, up as tf.Tensor, sigmoid!]);
    return {
      value: y!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        runFusedKernel("swigluGrad", { dy, gate: saved[0]!, up: saved[1]!, sigmoid: saved[2]! }),
    };
  })(gate, up) as tf.Tensor2D;
}

/** Causal multi-head attention with RoPE on queries and keys. qkv [B*T, 3D], columns q, k, v; result [B*T, D]. */
export function causalAttention(qkv: tf.Tensor2D, batch: number, time: number, heads: number): tf.Tensor2D {
  if (!hasFusedKernel("attention")) return composedAttention(qkv, batch, time, heads);
  return tf.customGrad((qkv, save) => {
    const [out, probabilities, rotated] = runFusedKernel(
      "attention",
      { qkv: qkv as tf.Tensor },
      { batch, time, heads },
    );
    (save as unknown as Save)([probabilities!, rotated!]);
    return {
      value: out!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        runFusedKernel("attentionGrad", { dy, probabilities: saved[0]!, rotated: saved[1]! })[0]!,
    };
  })(qkv) as tf.Tensor2D;
}

function composedAttention(qkv: tf.Tensor2D, batch: number, time: number, heads: number): tf.Tensor2D {
  const model = qkv.shape[1] / 3;
  const size = model / heads;
  const parts = tf.transpose(tf.reshape(qkv, [batch, time, 3, heads, size]), [2, 0, 3, 1, 4]);
  const [q, k, v] = tf.unstack(parts) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const tables = ropeTables(time, size);
  const cos = tf.tensor2d(tables.cos, [time, size / 2]);
  const sin = tf.tensor2d(tables.sin, [time, size / 2]);
  const rotate = (x: tf.Tensor4D) => {
    const [low, high] = tf.split(x, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    return tf.concat<tf.Tensor4D>(
      [tf.sub(tf.mul(low, cos), tf.mul(high, sin)), tf.add(tf.mul(low, sin), tf.mul(high, cos))],
      3,
    );
  };
  const scores = tf.mul(tf.matMul(rotate(q), rotate(k), false, true), 1 / Math.sqrt(size));
  const probabilities = tf.softmax(tf.add(scores, causalBias(time)));
  return tf.reshape(tf.transpose(tf.matMul(probabilities, v), [0, 2, 1, 3]), [batch * time, model]);
}

function causalBias(time: number): tf.Tensor2D {
  const bias = new Float32Array(time * time);
  for (let i = 0; i < time; i++) for (let j = i + 1; j < time; j++) bias[i * time + j] = -1e9;
  return tf.tensor2d(bias, [time, time]);
}
