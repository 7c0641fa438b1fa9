/**
 * Causal attention with RoPE and shared key and value heads in one kernel, forward and backward, on the wasm heap. See
 * fused-kernels.ts for its contract.
 *
 * Shapes: B batch, T time, H heads of queries, K of keys and values, G = H/K queries to a key, S head size. The queries
 * that share a key head stand one below the other, [G*T, S], so that each product serves all of them. Saved are the
 * probabilities [B,H,T,T], and in one row of parts the rotated q [B,H,T,S], the rotated k [B,K,T,S] and v [B,K,T,S].
 */
import type { tf } from "./tf.ts";
import { transposeInto, type WasmHeap } from "./wasm-heap.ts";

export interface AttentionSizes {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  readonly kvHeads: number;
}

interface Sizes extends AttentionSizes {
  readonly headSize: number;
}

/** Both [T, S/2]. */
interface Rope {
  readonly cos: tf.TensorInfo;
  readonly sin: tf.TensorInfo;
}

const float = 4;

export function attentionForward(
  heap: WasmHeap,
  { qkv, ...rope }: Rope & { readonly qkv: tf.TensorInfo },
  attributes: AttentionSizes,
): tf.TensorInfo[] {
  const headSize = qkv.shape[1]! / (attributes.heads + 2 * attributes.kvHeads);
  const sizes = { ...attributes, headSize };
  const { batch, time, heads, kvHeads } = sizes;
  const block = time * headSize;
  const rows = (heads / kvHeads) * time;
  const out = heap.output([batch * time, heads * headSize]);
  const probabilities = heap.output([batch, heads, time, time]);
  const rotated = heap.output([batch * (heads + 2 * kvHeads) * block]);
  const scale = 1 / Math.sqrt(headSize);

  heap.withScratch(block + rows * headSize, (keysT) => {
    const result = keysT + block * float;
    rotateIn(heap, qkv, rotated, rope, sizes);
    for (let bk = 0; bk < batch * kvHeads; bk++) {
      const { q, k, v } = partsOf(heap.pointer(rotated), bk, sizes);
      const p = heap.pointer(probabilities) + bk * rows * time * float;
      transposeInto(heap.all(), k >>> 2, keysT >>> 2, time, headSize);
      heap.multiply(q, keysT, p, rows, headSize, time);
      causalSoftmax(heap.all(), p >>> 2, rows, time, scale);
      heap.multiply(p, v, result, rows, time, headSize);
      eachHeadRow(bk, sizes, (head, row) => {
        const f = heap.all();
        const from = (result >>> 2) + head;
        const to = (heap.pointer(out) >>> 2) + row;
        for (let i = 0; i < headSize; i++) f[to + i] = f[from + i]!;
      });
    }
  });
  return [out, probabilities, rotated];
}

export function attentionBackward(
  heap: WasmHeap,
  { dy, saved0: probabilities, saved1: rotated, ...rope }: Rope & Readonly<Record<BackwardInput, tf.TensorInfo>>,
  attributes: AttentionSizes,
): tf.TensorInfo[] {
  const { batch, time, heads, kvHeads } = attributes;
  const headSize = dy.shape[1]! / heads;
  const sizes = { ...attributes, headSize };
  const block = time * headSize;
  const rows = (heads / kvHeads) * time;
  const scale = 1 / Math.sqrt(headSize);
  const dqkv = heap.output([batch * time, (heads + 2 * kvHeads) * headSize]);
  // The gradient of `rotated`, then for each key head: dOut [G*T,S], values transposed [S,T], dScores and a transpose.
  const rotatedSize = batch * (heads + 2 * kvHeads) * block;
  const scratchSize = rotatedSize + rows * headSize + block + 2 * rows * time;

  heap.withScratch(scratchSize, (dRotated) => {
    const dOut = dRotated + rotatedSize * float;
    const valuesT = dOut + rows * headSize * float;
    const dScores = valuesT + block * float;
    const transposed = dScores + rows * time * float;
    for (let bk = 0; bk < batch * kvHeads; bk++) {
      eachHeadRow(bk, sizes, (head, row) => {
        const f = heap.all();
        const from = (heap.pointer(dy) >>> 2) + row;
        const to = (dOut >>> 2) + head;
        for (let i = 0; i < headSize; i++) f[to + i] = f[from + i]!;
      });
      const { q, k, v } = partsOf(heap.pointer(rotated), bk, sizes);
      const { q: dq, k: dk, v: dv } = partsOf(dRotated, bk, sizes);
      const p = heap.pointer(probabilities) + bk * rows * time * float;
      transposeInto(heap.all(), p >>> 2, transposed >>> 2, rows, time);
      heap.multiply(transposed, dOut, dv, time, rows, headSize);
      transposeInto(heap.all(), v >>> 2, valuesT >>> 2, time, headSize);
      heap.multiply(dOut, valuesT, dScores, rows, headSize, time);
      softmaxBackward(heap.all(), p >>> 2, dScores >>> 2, rows, time, scale);
      heap.multiply(dScores, k, dq, rows, time, headSize);
      transposeInto(heap.all(), dScores >>> 2, transposed >>> 2, rows, time);
      heap.multiply(transposed, q, dk, time, rows, headSize);
    }
    rotateOut(heap, dRotated, dqkv, rope, sizes);
  });
  return [dqkv];
}

type BackwardInput = "dy" | "saved0" | "saved1";

/** Addresses of the q [G*T,S], k [T,S] and v [T,S] of key head `bk`, of batch * kvHeads, in a row of parts. */
function partsOf(
  start: number,
  bk: number,
  { batch, time, heads, kvHeads, headSize }: Sizes,
): { q: number; k: number; v: number } {
  const block = time * headSize * float;
  const keys = start + batch * heads * block;
  const values = keys + batch * kvHeads * block;
  return { q: start + bk * (heads / kvHeads) * block, k: keys + bk * block, v: values + bk * block };
}

/** Offsets, in floats, of each row of key head `bk`: in its own [G*T, S], and in [B*T, H*S]. */
function eachHeadRow(
  bk: number,
  { time, heads, kvHeads, headSize }: Sizes,
  body: (head: number, row: number) => void,
): void {
  const group = heads / kvHeads;
  const b = Math.floor(bk / kvHeads);
  const first = (bk % kvHeads) * group;
  for (let g = 0; g < group; g++)
    for (let t = 0; t < time; t++) body((g * time + t) * headSize, ((b * time + t) * heads + first + g) * headSize);
}

/** qkv [B,T,H+2K,S] to a row of parts, with q and k rotated. */
function rotateIn(heap: WasmHeap, qkv: tf.TensorInfo, rotated: tf.TensorInfo, rope: Rope, sizes: Sizes): void {
  const [from, to] = [heap.pointer(qkv) >>> 2, heap.pointer(rotated) >>> 2];
  eachHead(sizes, (column, part, t, isValue) =>
    moveHead(heap, from + column, to + part, isValue ? null : rope, t, 1, sizes),
  );
}

/** The transpose of `rotateIn`: the gradient of the parts at address `dRotated` to the gradient of qkv. */
function rotateOut(heap: WasmHeap, dRotated: number, dqkv: tf.TensorInfo, rope: Rope, sizes: Sizes): void {
  const [from, to] = [dRotated >>> 2, heap.pointer(dqkv) >>> 2];
  eachHead(sizes, (column, part, t, isValue) =>
    moveHead(heap, from + part, to + column, isValue ? null : rope, t, -1, sizes),
  );
}

/** One head at one position, from and to in floats: rotated by the position's angles or back, or as it is. */
function moveHead(
  heap: WasmHeap,
  from: number,
  to: number,
  rope: Rope | null,
  t: number,
  direction: 1 | -1,
  { headSize }: Sizes,
): void {
  const f = heap.all();
  if (rope === null) {
    for (let i = 0; i < headSize; i++) f[to + i] = f[from + i]!;
    return;
  }
  const half = headSize / 2;
  const [cos, sin] = [(heap.pointer(rope.cos) >>> 2) + t * half, (heap.pointer(rope.sin) >>> 2) + t * half];
  for (let i = 0; i < half; i++) {
    const x = f[from + i]!;
    const y = f[from + half + i]!;
    const c = f[cos + i]!;
    const s = direction * f[sin + i]!;
    f[to + i] = x * c - y * s;
    f[to + half + i] = x * s + y * c;
  }
}

/** Offsets, in floats, of every head at every position: in qkv and in the row of parts. */
function eachHead(
  { batch, time, heads, kvHeads, headSize }: Sizes,
  body: (column: number, part: number, t: number, isValue: boolean) => void,
): void {
  let column = 0;
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < time; t++) {
      let before = 0;
      for (const [index, count] of [heads, kvHeads, kvHeads].entries()) {
        for (let h = 0; h < count; h++, column += headSize)
          body(column, ((before + b * count + h) * time + t) * headSize, t, index === 2);
        before += batch * count;
      }
    }
}

/** Rows of scores to probabilities in place, T rows for each head; column j of row i is zero for j > i. */
function causalSoftmax(f: Float32Array, at: number, rows: number, time: number, scale: number): void {
  for (let r = 0; r < rows; r++) {
    const i = r % time;
    const row = at + r * time;
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
function softmaxBackward(f: Float32Array, p: number, d: number, rows: number, time: number, scale: number): void {
  for (let r = 0; r < rows; r++) {
    const i = r % time;
    const row = r * time;
    let dot = 0;
    for (let j = 0; j <= i; j++) dot += f[p + row + j]! * f[d + row + j]!;
    for (let j = 0; j <= i; j++) f[d + row + j] = f[p + row + j]! * (f[d + row + j]! - dot) * scale;
    for (let j = i + 1; j < time; j++) f[d + row + j] = 0;
  }
}
