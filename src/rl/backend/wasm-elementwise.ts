/** RMSNorm and SwiGLU in one pass each, forward and backward, on the wasm heap. See fused-kernels.ts. */
import type { tf } from "./tf.ts";
import type { WasmHeap } from "./wasm-heap.ts";

export function rmsNormForward(
  heap: WasmHeap,
  x: tf.TensorInfo,
  weight: tf.TensorInfo,
  epsilon: number,
): tf.TensorInfo[] {
  const [rows, width] = x.shape as [number, number];
  const y = heap.output([rows, width]);
  const inverse = heap.output([rows]);
  const xs = heap.floats(heap.pointer(x), rows * width);
  const ws = heap.floats(heap.pointer(weight), width);
  const ys = heap.floats(heap.pointer(y), rows * width);
  const inverses = heap.floats(heap.pointer(inverse), rows);
  for (let row = 0, at = 0; row < rows; row++, at += width) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += xs[at + i]! * xs[at + i]!;
    const r = 1 / Math.sqrt(squares / width + epsilon);
    inverses[row] = r;
    for (let i = 0; i < width; i++) ys[at + i] = xs[at + i]! * r * ws[i]!;
  }
  return [y, inverse];
}

/** dx = r (w dy - x r^2 mean(w dy x)); dweight = sum over rows of dy x r. */
export function rmsNormBackward(
  heap: WasmHeap,
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  weight: tf.TensorInfo,
  inverse: tf.TensorInfo,
): tf.TensorInfo[] {
  const [rows, width] = x.shape as [number, number];
  const dx = heap.output([rows, width]);
  const dweight = heap.output([width]);
  const xs = heap.floats(heap.pointer(x), rows * width);
  const dys = heap.floats(heap.pointer(dy), rows * width);
  const ws = heap.floats(heap.pointer(weight), width);
  const inverses = heap.floats(heap.pointer(inverse), rows);
  const dxs = heap.floats(heap.pointer(dx), rows * width);
  const sums = new Float64Array(width);
  for (let row = 0, at = 0; row < rows; row++, at += width) {
    const r = inverses[row]!;
    let dot = 0;
    for (let i = 0; i < width; i++) dot += ws[i]! * dys[at + i]! * xs[at + i]!;
    const pull = (dot * r * r) / width;
    for (let i = 0; i < width; i++) {
      const d = dys[at + i]!;
      const value = xs[at + i]!;
      dxs[at + i] = r * (ws[i]! * d - value * pull);
      sums[i]! += d * value * r;
    }
  }
  heap.floats(heap.pointer(dweight), width).set(sums);
  return [dx, dweight];
}

export function swigluForward(heap: WasmHeap, gate: tf.TensorInfo, up: tf.TensorInfo): tf.TensorInfo[] {
  const size = gate.shape[0]! * gate.shape[1]!;
  const y = heap.output(gate.shape);
  heap.sigmoid(gate, y);
  const gs = heap.floats(heap.pointer(gate), size);
  const us = heap.floats(heap.pointer(up), size);
  const ys = heap.floats(heap.pointer(y), size);
  for (let i = 0; i < size; i++) ys[i] = gs[i]! * ys[i]! * us[i]!;
  return [y];
}

export function swigluBackward(
  heap: WasmHeap,
  dy: tf.TensorInfo,
  gate: tf.TensorInfo,
  up: tf.TensorInfo,
): tf.TensorInfo[] {
  const size = gate.shape[0]! * gate.shape[1]!;
  const dgate = heap.output(gate.shape);
  const dup = heap.output(gate.shape);
  heap.sigmoid(gate, dup);
  const ds = heap.floats(heap.pointer(dy), size);
  const gs = heap.floats(heap.pointer(gate), size);
  const us = heap.floats(heap.pointer(up), size);
  const dgs = heap.floats(heap.pointer(dgate), size);
  const dus = heap.floats(heap.pointer(dup), size);
  for (let i = 0; i < size; i++) {
    const d = ds[i]!;
    const g = gs[i]!;
    const s = dus[i]!;
    dgs[i] = d * us[i]! * s * (1 + g * (1 - s));
    dus[i] = d * g * s;
  }
  return [dgate, dup];
}
