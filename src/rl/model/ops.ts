/**
 * The model's building blocks as differentiable functions: through a backend's fused kernel where it has one, else
 * composed from ordinary operations. Shapes: N = B*T rows, D model width, H heads of queries, K of keys and values, S head
 * size, F feed-forward width.
 */
import { hasFusedKernel, runFusedKernel } from "../backend/fused-kernels.ts";
import { tf } from "../backend/tf.ts";

type Save = (tensors: tf.Tensor[]) => void;

/** x / rms(x) * weight, over the last axis (Zhang and Sennrich 2019, arXiv:1910.07467). x [N,D], weight [D]. */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  if (!hasFusedKernel("rmsNorm"))
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon))), weight);
  return tf.customGrad((x, weight, save) => {
    const [y, inverse] = runFusedKernel("rmsNorm", { x: x as tf.Tensor, weight: weight as tf.Tensor }, { epsilon });
    (save as unknown as Save)([x as tf.Tensor, weight as tf.Tensor, inverse!]);
    return {
      value: y!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        runFusedKernel("rmsNormGrad", { dy, x: saved[0]!, weight: saved[1]!, inverse: saved[2]! }, { epsilon }),
    };
  })(x, weight) as tf.Tensor2D;
}

/** a + b, of one shape. The library's own sum keeps both for its gradient, of which it reads the shapes. */
export function residual(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.customGrad((a, b) => ({
    value: tf.add(a as tf.Tensor, b as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => [dy, dy],
  }))(a, b) as tf.Tensor2D;
}

/** silu(gate) * up (Shazeer 2020, arXiv:2002.05202). Both [N,F]. */
export function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  if (!hasFusedKernel("swiglu")) return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
  return tf.customGrad((gate, up, save) => {
    const [y] = runFusedKernel("swiglu", { gate: gate as tf.Tensor, up: up as tf.Tensor });
    (save as unknown as Save)([gate as tf.Tensor, up as tf.Tensor]);
    return {
      value: y!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        runFusedKernel("swigluGrad", { dy, gate: saved[0]!, up: saved[1]! }),
    };
  })(gate, up) as tf.Tensor2D;
}

export interface AttentionSizes {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  readonly kvHeads: number;
}

/** cos and sin, both [T, S/2]. */
export interface RopeTensors {
  readonly cos: tf.Tensor2D;
  readonly sin: tf.Tensor2D;
}

/**
 * Causal attention with RoPE on queries and keys; K key and value heads are shared by H / K query heads each.
 * qkv [B*T, (H+2K)*S], columns q, k, v; result [B*T, H*S].
 */
export function causalAttention(qkv: tf.Tensor2D, rope: RopeTensors, sizes: AttentionSizes): tf.Tensor2D {
  if (!hasFusedKernel("attention")) return composedAttention(qkv, rope, sizes);
  const { cos, sin } = rope;
  return tf.customGrad((qkv, save) => {
    const inputs = { qkv: qkv as tf.Tensor, cos, sin };
    const [out, saved0, saved1] = runFusedKernel("attention", inputs, { ...sizes });
    (save as unknown as Save)([cos, sin, saved0!, saved1!]);
    return {
      value: out!,
      gradFunc: (dy: tf.Tensor, [cos, sin, saved0, saved1]: tf.Tensor[]) => {
        const inputs = { dy, cos: cos!, sin: sin!, saved0: saved0!, saved1: saved1! };
        return runFusedKernel("attentionGrad", inputs, { ...sizes })[0]!;
      },
    };
  })(qkv) as tf.Tensor2D;
}

function composedAttention(
  qkv: tf.Tensor2D,
  { cos, sin }: RopeTensors,
  { batch, time, heads, kvHeads }: AttentionSizes,
): tf.Tensor2D {
  const size = qkv.shape[1] / (heads + 2 * kvHeads);
  const group = heads / kvHeads;
  const all = tf.transpose(tf.reshape(qkv, [batch, time, heads + 2 * kvHeads, size]), [0, 2, 1, 3]);
  const [q, k, v] = tf.split(all, [heads, kvHeads, kvHeads], 1) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const rotate = (x: tf.Tensor4D) => {
    const [low, high] = tf.split(x, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    return tf.concat<tf.Tensor4D>(
      [tf.sub(tf.mul(low, cos), tf.mul(high, sin)), tf.add(tf.mul(low, sin), tf.mul(high, cos))],
      3,
    );
  };
  // The heads that share keys stand one below the other, as more rows of one product.
  const queries = tf.reshape(rotate(q), [batch, kvHeads, group * time, size]);
  const scores = tf.mul(tf.matMul(queries, rotate(k), false, true), 1 / Math.sqrt(size));
  const masked = tf.add(tf.reshape(scores, [batch, kvHeads, group, time, time]), causalBias(time));
  const probabilities = tf.reshape(tf.softmax(masked), [batch, kvHeads, group * time, time]);
  const out = tf.reshape(tf.matMul(probabilities, v), [batch, heads, time, size]);
  return tf.reshape(tf.transpose(out, [0, 2, 1, 3]), [batch * time, heads * size]);
}

function causalBias(time: number): tf.Tensor2D {
  const bias = new Float32Array(time * time);
  for (let i = 0; i < time; i++) for (let j = i + 1; j < time; j++) bias[i * time + j] = -1e9;
  return tf.tensor2d(bias, [time, time]);
}

/**
 * RMSNorm of queries and keys within each head, before they are rotated (Qwen3, arXiv:2505.09388; Henry et al. 2020,
 * arXiv:2010.04245). qkv [N, (H+2K)*S], the weights [S]; result as qkv.
 */
export function normQueriesAndKeys(
  qkv: tf.Tensor2D,
  weights: { readonly q: tf.Tensor1D; readonly k: tf.Tensor1D },
  { heads, kvHeads }: Pick<AttentionSizes, "heads" | "kvHeads">,
  epsilon: number,
): tf.Tensor2D {
  const [rows, columns] = qkv.shape;
  const size = columns / (heads + 2 * kvHeads);
  const parts = tf.split(qkv, [heads * size, kvHeads * size, kvHeads * size], 1);
  const [q, k, v] = parts as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const normed = (x: tf.Tensor2D, count: number, weight: tf.Tensor1D): tf.Tensor2D =>
    tf.reshape(rmsNorm(tf.reshape(x, [rows * count, size]), weight, epsilon), [rows, count * size]);
  return tf.concat([normed(q, heads, weights.q), normed(k, kvHeads, weights.k), v], 1);
}
