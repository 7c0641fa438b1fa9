/** The parts of a decoder's row that are not matrix products, on plain arrays. S head size. */
import type { ModelConfig } from "./contract.ts";
import type { RopeTables } from "./rope.ts";

/** Rows as wide as the weight, each divided by its root mean square. */
export function normRows(x: Float32Array, weight: Float32Array, epsilon: number): Float32Array {
  const out = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += weight.length) normOne(x, at, weight, epsilon, out);
  return out;
}

/** The same in place, on the `heads` heads of S values from `at`. */
export function normHeads(x: Float32Array, at: number, heads: number, weight: Float32Array, epsilon: number): void {
  for (let h = 0; h < heads; h++) normOne(x, at + h * weight.length, weight, epsilon, x);
}

function normOne(x: Float32Array, at: number, weight: Float32Array, epsilon: number, out: Float32Array): void {
  const width = weight.length;
  let squares = 0;
  for (let i = 0; i < width; i++) squares += x[at + i]! * x[at + i]!;
  const inverse = 1 / Math.sqrt(squares / width + epsilon);
  for (let i = 0; i < width; i++) out[at + i] = x[at + i]! * inverse * weight[i]!;
}

export function addInto(x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i]! += y[i]!;
}

/** silu(gate) * up, into `gate`. */
export function siluTimes(gate: Float32Array, up: Float32Array): Float32Array {
  for (let i = 0; i < gate.length; i++) {
    const g = gate[i]!;
    gate[i] = (g / (1 + Math.exp(-g))) * up[i]!;
  }
  return gate;
}

/** RoPE in place on the `heads` heads of `size` values from `at`, half-split within each. */
export function rotateRow(
  x: Float32Array,
  at: number,
  heads: number,
  size: number,
  position: number,
  { cos, sin }: RopeTables,
): void {
  const half = size / 2;
  const table = position * half;
  for (let h = 0; h < heads; h++) {
    const low = at + h * size;
    for (let i = 0; i < half; i++) {
      const a = x[low + i]!;
      const b = x[low + half + i]!;
      x[low + i] = a * cos[table + i]! - b * sin[table + i]!;
      x[low + half + i] = a * sin[table + i]! + b * cos[table + i]!;
    }
  }
}

let scores = new Float64Array(256);

/** One query of all heads against cache rows 0 to `position`; the result goes to out[outAt, outAt + H*S). */
export function attendRow(
  q: Float32Array,
  qAt: number,
  keys: Float32Array,
  values: Float32Array,
  position: number,
  { heads, kvHeads, headSize: size }: Pick<ModelConfig, "heads" | "kvHeads" | "headSize">,
  out: Float32Array,
  outAt: number,
): void {
  if (scores.length <= position) scores = new Float64Array(2 * position + 2);
  const scale = 1 / Math.sqrt(size);
  const width = kvHeads * size;
  const group = heads / kvHeads;
  for (let h = 0; h < heads; h++) {
    const column = Math.floor(h / group) * size;
    const sum = softmaxScores(q, qAt + h * size, keys, column, position + 1, size, width, scale);
    const to = outAt + h * size;
    // Four columns at a time, each sum in a register; head sizes are even, so two may be left.
    let i = 0;
    for (; i + 3 < size; i += 4) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let j = 0, at = column + i; j <= position; j++, at += width) {
        const p = scores[j]!;
        a += p * values[at]!;
        b += p * values[at + 1]!;
        c += p * values[at + 2]!;
        d += p * values[at + 3]!;
      }
      out[to + i] = a / sum;
      out[to + i + 1] = b / sum;
      out[to + i + 2] = c / sum;
      out[to + i + 3] = d / sum;
    }
    for (; i < size; i++) {
      let a = 0;
      for (let j = 0, at = column + i; j <= position; j++, at += width) a += scores[j]! * values[at]!;
      out[to + i] = a / sum;
    }
  }
}

/** The copy head's attention over `length` positions; a view that the next call overwrites. */
export function copyDistribution(
  q: Float32Array,
  qAt: number,
  keys: Float32Array,
  length: number,
  width: number,
): Float64Array {
  if (scores.length < length) scores = new Float64Array(2 * length);
  const sum = softmaxScores(q, qAt, keys, 0, length, width, width, 1 / Math.sqrt(width));
  for (let j = 0; j < length; j++) scores[j]! /= sum;
  return scores.subarray(0, length);
}

/** Fills `scores` with exp(scaled product - max) and returns their sum. */
function softmaxScores(
  q: Float32Array,
  qAt: number,
  keys: Float32Array,
  keyAt: number,
  length: number,
  size: number,
  stride: number,
  scale: number,
): number {
  let max = -Infinity;
  let j = 0;
  // Four keys at a time: one alone would wait for each of its additions.
  for (; j + 3 < length; j += 4) {
    const k0 = j * stride + keyAt;
    const k1 = k0 + stride;
    const k2 = k1 + stride;
    const k3 = k2 + stride;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < size; i++) {
      const x = q[qAt + i]!;
      a += x * keys[k0 + i]!;
      b += x * keys[k1 + i]!;
      c += x * keys[k2 + i]!;
      d += x * keys[k3 + i]!;
    }
    max = Math.max(max, (scores[j] = a * scale), (scores[j + 1] = b * scale));
    max = Math.max(max, (scores[j + 2] = c * scale), (scores[j + 3] = d * scale));
  }
  for (; j < length; j++) {
    const from = j * stride + keyAt;
    let dot = 0;
    for (let i = 0; i < size; i++) dot += q[qAt + i]! * keys[from + i]!;
    max = Math.max(max, (scores[j] = dot * scale));
  }
  let sum = 0;
  for (j = 0; j < length; j++) sum += scores[j] = Math.exp(scores[j]! - max);
  return sum;
}
