/**
 * Sequences of unlike length in one pass without their padding: everything but attention looks at a token alone, so only
 * real tokens go through it, those of one sequence after those of another. For attention the sequences are laid apart
 * again, in blocks of like length, which keeps each to itself and starts its positions at 0.
 *
 * Shapes: B sequences, T positions of the longest, N rows.
 */

export interface DenseRows {
  /** [N] the place in [B*T] of each row; a few at the end are there for a round number, and are nobody's. */
  readonly places: Int32Array;
  /** [B*T] the row that stands at each place; at padding the first of its sequence, which nothing real looks at. */
  readonly rows: Int32Array;
  readonly blocks: readonly AttentionBlock[];
  /** [N] where each row stands in the results of all blocks, joined. */
  readonly back: Int32Array;
}

/** Sequences that attend in one call, padded to `time`. */
export interface AttentionBlock {
  readonly batch: number;
  readonly time: number;
  /** [batch*time] */
  readonly rows: Int32Array;
}

/** Less padding than this is cheaper to compute than to take out and put back, in places for each real token. */
const worthwhile = 1.125;
/** A longer sequence opens a block of its own rather than pad the shorter ones beyond this. */
const blockSlack = 1.25;
const rowStep = 8;

/** Of sequences of these many tokens, shortest first, laid out to `time` each; null where hardly any of it is padding. */
export function denseRows(lengths: readonly number[], time: number): DenseRows | null {
  const real = lengths.reduce((sum, length) => sum + length, 0);
  const count = Math.ceil(real / rowStep) * rowStep;
  if (lengths.length * time < worthwhile * count) return null;
  const places = new Int32Array(count);
  const rows = new Int32Array(lengths.length * time);
  const back = new Int32Array(count);
  const blocks: AttentionBlock[] = [];
  let row = 0;
  let joined = 0;
  for (const { from, to } of alike(lengths)) {
    const longest = lengths[to - 1]!;
    const block = { batch: to - from, time: longest, rows: new Int32Array((to - from) * longest) };
    for (let b = from; b < to; b++) {
      const length = lengths[b]!;
      rows.fill(row, b * time, (b + 1) * time);
      block.rows.fill(row, (b - from) * longest, (b - from + 1) * longest);
      for (let t = 0; t < length; t++) {
        places[row + t] = b * time + t;
        rows[b * time + t] = block.rows[(b - from) * longest + t] = row + t;
        back[row + t] = joined + (b - from) * longest + t;
      }
      row += length;
    }
    joined += block.rows.length;
    blocks.push(block);
  }
  return { places, rows, blocks, back };
}

/** Runs [from, to) of lengths that ascend, each padded little to its longest. */
function alike(lengths: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  let from = 0;
  let sum = 0;
  for (const [index, length] of lengths.entries()) {
    sum += length;
    if (index > from && (index - from + 1) * length > blockSlack * sum) {
      runs.push({ from, to: index });
      from = index;
      sum = length;
    }
  }
  runs.push({ from, to: lengths.length });
  return runs;
}
