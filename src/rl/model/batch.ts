/** Sequences to fixed-shape, right-padded arrays, in groups of like length so that little is padding. */

export interface Span {
  readonly promptTokenIds: readonly number[];
  readonly tokenIds: readonly number[];
}

/**
 * One forward pass. B sequences, T positions, M loss positions for each sequence (padded).
 * The loss position (b, m) is the input position that predicts completion token m of sequence b.
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
  /** Which of the caller's sequences each row of the batch is. */
  readonly indices: readonly number[];
}

const timeStep = 8;
const positionStep = 4;

/** Batches of at most `maxTokens` padded tokens (at least one sequence each), shortest sequences first. */
export function packBatches(sequences: readonly Span[], maxTokens: number): PackedBatch[] {
  const length = (index: number) => sequences[index]!.promptTokenIds.length + sequences[index]!.tokenIds.length - 1;
  const order = sequences.map((_, index) => index).sort((a, b) => length(a) - length(b) || a - b);
  const groups: number[][] = [];
  let current: number[] = [];
  for (const index of order) {
    const padded = roundUp(length(index), timeStep);
    if (current.length > 0 && (current.length + 1) * padded > maxTokens) {
      groups.push(current);
      current = [];
    }
    current.push(index);
  }
  if (current.length > 0) groups.push(current);
  return groups.map((group) => pack(sequences, group));
}

function pack(sequences: readonly Span[], indices: readonly number[]): PackedBatch {
  const batch = indices.length;
  let longest = 1;
  let most = 1;
  for (const index of indices) {
    const { promptTokenIds, tokenIds } = sequences[index]!;
    longest = Math.max(longest, promptTokenIds.length + tokenIds.length - 1);
    most = Math.max(most, tokenIds.length);
  }
  const time = roundUp(longest, timeStep);
  const positions = roundUp(most, positionStep);
  const inputs = new Int32Array(batch * time);
  const rows = new Int32Array(batch * positions);
  const targets = new Int32Array(batch * positions);
  const mask = new Float32Array(batch * positions);
  indices.forEach((index, b) => {
    const { promptTokenIds, tokenIds } = sequences[index]!;
    inputs.set(promptTokenIds, b * time);
    inputs.set(tokenIds.slice(0, -1), b * time + promptTokenIds.length);
    rows.fill(b * time, b * positions, (b + 1) * positions);
    tokenIds.forEach((token, m) => {
      rows[b * positions + m] = b * time + promptTokenIds.length - 1 + m;
      targets[b * positions + m] = token;
      mask[b * positions + m] = 1;
    });
  });
  return { batch, time, positions, inputs, rows, targets, mask, indices };
}

/** Spread values of each sequence's tokens over the padded [B*M] layout. */
export function layOut(packed: PackedBatch, value: (sequence: number, token: number) => number): Float32Array {
  const { positions, mask, indices } = packed;
  const out = new Float32Array(mask.length);
  for (let i = 0; i < out.length; i++)
    if (mask[i] === 1) out[i] = value(indices[Math.floor(i / positions)]!, i % positions);
  return out;
}

function roundUp(value: number, step: number): number {
  return Math.max(step, Math.ceil(value / step) * step);
}
