/**
 * Corrections of the wasm backend's shipped kernels that give wrong numbers without a word.
 *
 * Found, and watched over, by test/rl/backend/op-conformance.test.ts.
 */
import { replaceKernel } from "./replace-kernel.ts";
import { tf } from "./tf.ts";
import type { WasmHeap } from "./wasm-heap.ts";

export function correctWasmKernels(heap: WasmHeap): void {
  // Shipped: not a number becomes the lower bound, which hides a diverged ratio from a clipped loss.
  replaceKernel("wasm", "ClipByValue", (shipped) => (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    const { clipValueMin: low, clipValueMax: high } = call.attrs as { clipValueMin: number; clipValueMax: number };
    return x.dtype === "float32" ? clip(heap, x, low, high) : shipped!(call);
  });
  // Shipped: the number modulo 256.
  replaceKernel("wasm", "Cast", (shipped) => (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    const toBool = (call.attrs as { dtype: string }).dtype === "bool";
    return toBool && (x.dtype === "float32" || x.dtype === "int32") ? isNotZero(heap, x) : shipped!(call);
  });
  // Shipped: wrong rows after the first batch, for some sizes.
  replaceKernel("wasm", "GatherV2", (shipped) => (call) => {
    const { batchDims, axis } = call.attrs as { batchDims: number; axis: number };
    if (batchDims === 0) return shipped!(call);
    const { x, indices } = call.inputs as { x: tf.Tensor; indices: tf.Tensor };
    return gatherInBatches(x, indices, axis, batchDims);
  });
  // Shipped: in batches every row but the first gets the last element of the bias.
  replaceKernel("wasm", "_FusedMatMul", (shipped) => (call) => {
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    const batched = a.shape.length > 2 && tf.util.sizeFromShape([...a.shape.slice(0, -2), ...b.shape.slice(0, -2)]) > 1;
    return batched ? composeFusedMatMul(call) : shipped!(call);
  });
}

function clip(heap: WasmHeap, x: tf.TensorInfo, low: number, high: number): tf.TensorInfo {
  const size = tf.util.sizeFromShape(x.shape);
  const out = heap.output(x.shape);
  const from = heap.floats(heap.pointer(x), size);
  const to = heap.floats(heap.pointer(out), size);
  for (let i = 0; i < size; i++) {
    const value = from[i]!;
    to[i] = value < low ? low : value > high ? high : value;
  }
  return out;
}

function isNotZero(heap: WasmHeap, x: tf.TensorInfo): tf.TensorInfo {
  const size = tf.util.sizeFromShape(x.shape);
  const out = heap.output(x.shape, "bool");
  const from = x.dtype === "int32" ? heap.integers(heap.pointer(x), size) : heap.floats(heap.pointer(x), size);
  const to = heap.bytes(heap.pointer(out), size);
  for (let i = 0; i < size; i++) to[i] = from[i] === 0 ? 0 : 1;
  return out;
}

/** x [batches..., outer..., axis, inner...], indices [batches..., K...]: as one gather from all batches laid end to end. */
function gatherInBatches(x: tf.Tensor, indices: tf.Tensor, axis: number, batchDims: number): tf.Tensor {
  return tf.tidy(() => {
    const along = tf.util.parseAxisParam(axis, x.shape)[0]!;
    const size = tf.util.sizeFromShape;
    const batches = size(x.shape.slice(0, batchDims));
    const outer = size(x.shape.slice(batchDims, along));
    const rows = x.shape[along]!;
    const inner = x.shape.slice(along + 1);
    const each = size(indices.shape.slice(batchDims));
    const starts = tf.reshape(tf.range(0, batches * outer, 1, "int32"), [batches, outer, 1]);
    const at = tf.add(tf.mul(starts, tf.scalar(rows, "int32")), tf.reshape(indices, [batches, 1, each]));
    const found = tf.gather(tf.reshape(x, [batches * outer * rows, size(inner)]), tf.reshape(at, [-1]));
    return tf.reshape(found, [...x.shape.slice(0, along), ...indices.shape.slice(batchDims), ...inner]);
  });
}

interface FusedAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation: "linear" | "relu" | "relu6" | "elu" | "sigmoid" | "leakyrelu" | "prelu";
  readonly leakyreluAlpha?: number;
}

function composeFusedMatMul({ inputs, attrs }: Parameters<tf.KernelFunc>[0]): tf.Tensor {
  const { a, b, bias, preluActivationWeights } = inputs as unknown as Record<string, tf.Tensor | undefined>;
  const { transposeA, transposeB, activation, leakyreluAlpha } = attrs as unknown as FusedAttributes;
  const activate: Record<FusedAttributes["activation"], (x: tf.Tensor) => tf.Tensor> = {
    linear: (x) => x,
    relu: (x) => tf.relu(x),
    relu6: (x) => tf.relu6(x),
    elu: (x) => tf.elu(x),
    sigmoid: (x) => tf.sigmoid(x),
    leakyrelu: (x) => tf.leakyRelu(x, leakyreluAlpha),
    prelu: (x) => tf.prelu(x, preluActivationWeights!),
  };
  return tf.tidy(() => {
    const product = tf.matMul(a!, b!, transposeA, transposeB);
    return activate[activation](bias === undefined ? product : tf.add(product, bias));
  });
}
