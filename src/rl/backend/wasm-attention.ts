/** Causal multi-head attention with RoPE in one kernel, forward and backward, on the wasm heap. See fused-kernels.ts. */
import { ropeTables } from "./fused-kernels.ts";
import type { tf } from "./tf.ts";
import { transposeInto, type WasmHeap } from "./wasm-heap.ts";

interface Sizes {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  readonly headSize: number;
}

export function attentionForward(heap: WasmHeap, qkv: tf.TensorInfo, sizes: Sizes): tf.TensorInfo[] {
  const { batch, time, heads, headSize } = sizes;
  const model = heads * headSize;
  const part = batch * heads * time * headSize;
  const out = heap.output([batch * time, model]);
  const probabilities = heap.output([batch, heads, time, time]);
  const rotated = heap.output([3, batch, heads, time, headSize]);
  const scale = 1 / Math.sqrt(headSize);

  heap.withScratch(2 * time * headSize, (scratch) => {
    const rotatedAt = heap.pointer(rotated) >>> 2;
    rotateIn(heap.all(), heap.pointer(qkv) >>> 2, rotatedAt, sizes);
    const outAt = heap.pointer(out) >>> 2;
    const keysT = scratch;
    const result = scratch + time * headSize * 4;
    for (let bh = 0; bh < batch * heads; bh++) {
      const q = heap.pointer(rotated) + bh * time * headSize * 4;
      const p = heap.pointer(probabilities) + bh * time * time * 4;
      transposeInto(heap.all(), rotatedAt + part + bh * time * headSize, keysT >>> 2, time, headSize);
      heap.multiply(q, keysT, p, time, headSize, time);
      causalSoftmax(heap.all(), p >>> 2, time, scale);
      heap.multiply(p, q + 2 * part * 4, result, time, time, headSize);
      const b = Math.floor(bh / heads);
      const column = (bh % heads) * headSize;
      const f = heap.all();
      for (let t = 0; t < time; t++) {
        const from = (result >>> 2) + t * headSize;
        const to = outAt + (b * time + t) * model + column;
        for (let i = 0; i < headSize; i++) f[to + i] = f[from + i]!;
      }
    }
  });
  return [out, probabilities, rotated];
}

export function attentionBackward(
  heap: WasmHeap,
  dy: tf.TensorInfo,
  probabilities: tf.TensorInfo,
  rotated: tf.TensorInfo,
): tf.TensorInfo[] {
  const [, batch, heads, time, headSize] = rotated.shape as [number, number, number, number, number];
  const sizes: Sizes = { batch, time, heads, headSize };
  const model = heads * headSize;
  const block = time * headSize;
  const part = batch * heads * block;
  const scale = 1 / Math.sqrt(headSize);
  const dqkv = heap.output([batch * time, 3 * model]);
  // dRotated [3,B,H,T,S], then per head: dOut [T,S], values transposed [S,T], dScores [T,T], one transpose [T,T].
  const scratchSize = 3 * part + 2 * block + 2 * time * time;

  heap.withScratch(scratchSize, (scratch) => {
    const dRotated = scratch;
    const dOut = scratch + 3 * part * 4;
    const valuesT = dOut + block * 4;
    const dScores = valuesT + block * 4;
    const square = dScores + time * time * 4;
    const dyAt = heap.pointer(dy) >>> 2;
    for (let bh = 0; bh < batch * heads; bh++) {
      const b = Math.floor(bh / heads);
      const column = (bh % heads) * headSize;
      const f = heap.all();
      for (let t = 0; t < time; t++) {
        const from = dyAt + (b * time + t) * model + column;
        const to = (dOut >>> 2) + t * headSize;
        for (let i = 0; i < headSize; i++) f[to + i] = f[from + i]!;
      }
      const q = heap.pointer(rotated) + bh * block * 4;
      const k = q + part * 4;
      const v = k + part * 4;
      const p = heap.pointer(probabilities) + bh * time * time * 4;
      const dq = dRotated + bh * block * 4;
      const dk = dq + part * 4;
      const dv = dk + part * 4;
      transposeInto(heap.all(), p >>> 2, square >>> 2, time, time);
      heap.multiply(square, dOut, dv, time, time, headSize);
      transposeInto(heap.all(), v >>> 2, valuesT >>> 2, time, headSize);
      heap.multiply(dOut, valuesT, dScores, time, headSize, time);
      softmaxBackward(heap.all(), p >>> 2, dScores >>> 2, time, scale);
      heap.multiply(dScores, k, dq, time, time, headSize);
      transposeInto(heap.all(), dScores >>> 2, square >>> 2, time, time);
      heap.multiply(square, q, dk, time, time, headSize);
    }
    rotateOut(heap.all(), dRotated >>> 2, heap.pointer(dqkv) >>> 2, sizes);
  });
  return [dqkv];
}

/** qkv [B,T,3,H,S] to [3,B,H,T,S] with q and k rotated. */
function rotateIn(f: Float32Array, from: number, to: number, { batch, time, heads, headSize }: Sizes): void {
  const { cos, sin } = ropeTables(time, headSize);
  const half = headSize / 2;
  const model = heads * headSize;
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < time; t++)
      for (let part = 0; part < 3; part++)
        for (let h = 0; h < heads; h++) {
          const source = from + ((b * time + t) * 3 + part) * model + h * headSize;
          const target = to + (((part * batch + b) * heads + h) * time + t) * headSize;
          if (part === 2) {
            for (let i = 0; i < headSize; i++) f[target + i] = f[source + i]!;
            continue;
          }
          for (let i = 0; i < half; i++) {
            const x = f[source + i]!;
            const y = f[source + half + i]!;
            const c = cos[t * half + i]!;
            const s = sin[t * half + i]!;
            f[target + i] = x * c - y * s;
            f[target + half + i] = x * s + y * c;
          }
        }
}

/** The transpose of `rotateIn`: gradients of the rotated parts to the gradient of qkv. */
function rotateOut(f: Float32Array, from: number, to: number, { batch, time, heads, headSize }: Sizes): void {
  const { cos, sin } = ropeTables(time, headSize);
  const half = headSize / 2;
  const model = heads * headSize;
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < time; t++)
      for (let part = 0; part < 3; part++)
        for (let h = 0; h < heads; h++) {
          const target = to + ((b * time + t) * 3 + part) * model + h * headSize;
          const source = from + (((part * batch + b) * heads + h) * time + t) * headSize;
          if (part === 2) {
            for (let i = 0; i < headSize; i++) f[target + i] = f[source + i]!;
            continue;
          }
          for (let i = 0; i < half; i++) {
            const x = f[source + i]!;
            const y = f[source + half + i]!;
            const c = cos[t * half + i]!;
            const s = sin[t * half + i]!;
            f[target + i] = x * c + y * s;
            f[target + half + i] = y * c - x * s;
          }
        }
}

/** Rows of scores to probabilities in place; column j of row i is zero for j > i. */
function causalSoftmax(f: Float32Array, at: number, time: number, scale: number): void {
  for (let i = 0; i < time; i++) {
    const row = at + i * time;
    let max = -Infinity;
    for (let j = 0; j <= i; j++) if (f[row + j]! > max) max = f[row + j]!;
    let sum = 0;
    for (let j = 0; j <= i; j++) {
      const e = Math.exp((f[row + j]! - max) * scale);
      f[row + j] = e;
      sum += e;
    }
    const inverse = 1 / sum;
    for (let j = 0; j <= i; j++) f[row + j]! *= inverse;
    for (let j = i + 1; j < time; j++) f[row + j] = 0;
  }
}

/** dProbabilities to dScores in place: p * (dp - sum(p * dp)) * scale. */
function softmaxBackward(f: Float32Array, p: number, d: number, time: number, scale: number): void {
  for (let i = 0; i < time; i++) {
    const row = i * time;
    let dot = 0;
    for (let j = 0; j <= i; j++) dot += f[p + row + j]! * f[d + row + j]!;
    for (let j = 0; j <= i; j++) f[d + row + j] = f[p + row + j]! * (f[d + row + j]! - dot) * scale;
    for (let j = i + 1; j < time; j++) f[d + row + j] = 0;
  }
}
