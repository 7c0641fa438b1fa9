/** Branches to fixed-shape, right-padded arrays, in groups of like length so that little is padding. */
import type { Branch, BranchCall } from "./contract.ts";
import { denseRows, type DenseRows } from "./dense-rows.ts";

/**
 * One forward pass. B sequences, T positions, M loss positions for each sequence (padded).
 * The loss position (b, m) is the input position that predicts token m of sequence b's completions, joined.
 */
export interface PackedBatch {
  readonly batch: number;
  readonly time: number;
  readonly positions: number;
  /** [B*T] input tokens; padding is token 0, which no loss position can see. */
  readonly inputs: Int32Array;
  /** [B*M] rows of the flattened [B*T] that predict; padded entries point at the sequence's first row. */
  readonly rows: Int32Array;
  /** [B*M] the token predicted there. */
  readonly targets: Int32Array;
  /** [B*M] 1 where real. */
  readonly mask: Float32Array;
  /** How the layers do without the padding; null where there is hardly any. */
  readonly dense: DenseRows | null;
  /** Which of the caller's sequences each row of the batch is. */
  readonly indices: readonly number[];
}

const timeStep = 8;
const positionStep = 4;

/** Tokens that go through the model: all but the last, which is only predicted. */
export function inputLength({ calls }: Branch): number {
  return calls.reduce((sum, { promptTokenIds, tokenIds }) => sum + promptTokenIds.length + tokenIds.length, 0) - 1;
}

export function completionLength({ calls }: Branch): number {
  return calls.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
}

/** One value for each completion token of a branch, in order. */
export function perToken<Call extends BranchCall>(
  { calls }: Branch<Call>,
  value: (call: Call, token: number) => number,
): number[] {
  return calls.flatMap((call) => call.tokenIds.map((_, token) => value(call, token)));
}

/** Batches of at most `maxTokens` padded tokens (at least one sequence each), shortest sequences first. */
export function packBatches(sequences: readonly Branch[], maxTokens: number): PackedBatch[] {
  const lengths = sequences.map(inputLength);
  const order = sequences.map((_, index) => index).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const groups: number[][] = [];
  let current: number[] = [];
  for (const index of order) {
    const padded = roundUp(lengths[index]!, timeStep);
    if (current.length > 0 && (current.length + 1) * padded > maxTokens) {
      groups.push(current);
      current = [];
    }
    current.push(index);
  }
  if (current.length > 0) groups.push(current);
  return groups.map((group) => pack(sequences, group));
}

function pack(sequences: readonly Branch[], indices: readonly number[]): PackedBatch {
  const batch = indices.length;
  const time = roundUp(Math.max(...indices.map((index) => inputLength(sequences[index]!))), timeStep);
  const positions = roundUp(Math.max(...indices.map((index) => completionLength(sequences[index]!))), positionStep);
  const inputs = new Int32Array(batch * time);
  const rows = new Int32Array(batch * positions);
  const targets = new Int32Array(batch * positions);
  const mask = new Float32Array(batch * positions);
  indices.forEach((index, b) => {
    const tokens: number[] = [];
    rows.fill(b * time, b * positions, (b + 1) * positions);
    let position = b * positions;
    for (const { promptTokenIds, tokenIds } of sequences[index]!.calls) {
      tokens.push(...promptTokenIds);
      for (const token of tokenIds) {
        rows[position] = b * time + tokens.length - 1;
        targets[position] = token;
        mask[position] = 1;
        position++;
        tokens.push(token);
      }
    }
    inputs.set(tokens.slice(0, -1), b * time);
  });
  const lengths = indices.map((index) => inputLength(sequences[index]!));
  return { batch, time, positions, inputs, rows, targets, mask, dense: denseRows(lengths, time), indices };
}

/** Spread each sequence's values (see `perToken`) over the padded [B*M] layout; `padding` elsewhere. */
export function layOut(
  packed: PackedBatch,
  values: (sequence: number) => readonly number[],
  padding = 0,
): Float32Array {
  const { positions, mask, indices } = packed;
  const out = new Float32Array(mask.length).fill(padding);
  indices.forEach((index, b) => out.set(values(index), b * positions));
  return out;
}

function roundUp(value: number, step: number): number {
  return Math.max(step, Math.ceil(value / step) * step);
}
