/**
 * A few entries of each row of a distribution, as [L,K].
 *
 * Shapes: L loss positions, padding included, V vocabulary, K entries of a row.
 */
import { tf } from "../backend/tf.ts";
import type { PackedBatch } from "./batch.ts";

/** [L,K] entries of `logs` [L,V] at `ids` [L*K]: one gather, with a gradient. */
export function gatherSupport(logs: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
  const [rows, vocabulary] = logs.shape;
  const width = ids.length / rows;
  const flat = ids.map((id, at) => Math.floor(at / width) * vocabulary + id);
  const entries = tf.gather<tf.Tensor1D>(tf.reshape(logs, [-1]), tf.tensor1d(flat, "int32"));
  return tf.reshape(entries, [rows, width]);
}

/** Spread ragged values, by sequence and completion token, over the padded [B*M*K] layout; 0 elsewhere. */
export function layOutRows(
  packed: PackedBatch,
  width: number,
  rows: (sequence: number) => readonly (readonly number[])[],
): Float32Array {
  const out = new Float32Array(packed.mask.length * width);
  packed.indices.forEach((index, b) => {
    rows(index).forEach((values, token) => out.set(values, (b * packed.positions + token) * width));
  });
  return out;
}

/** The inverse for `count` tokens of the batch's sequence `b`: [count][K] of `flat` [B*M*K]. */
export function readRows(
  flat: ArrayLike<number> & { subarray(from: number, to: number): ArrayLike<number> },
  packed: PackedBatch,
  width: number,
  b: number,
  count: number,
): number[][] {
  return Array.from({ length: count }, (_, token) => {
    const from = (b * packed.positions + token) * width;
    return Array.from(flat.subarray(from, from + width));
  });
}

export function widest(rows: readonly (readonly number[])[]): number {
  return rows.reduce((most, { length }) => Math.max(most, length), 0);
}
