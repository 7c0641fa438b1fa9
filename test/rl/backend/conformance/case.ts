/** What a conformance case is: one operation on seeded inputs, and how near two backends' answers must be. */
import type { Random } from "../../../../src/core/random.ts";
import { createRandom } from "../../../../src/core/random.ts";
import type { tf } from "../../../../src/rl/backend/tf.ts";

export type DataType = "float32" | "int32" | "bool";

export interface Input {
  readonly shape: readonly number[];
  readonly dtype: DataType;
  /** Row-major. */
  readonly values: (random: Random) => number[];
}

export interface Case {
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly operation: (...tensors: any[]) => tf.Tensor | tf.Tensor[];
  /** Largest |a - b| / max(1, |a|, |b|). */
  readonly tolerance: number;
  /** False where there is no gradient: a result of integers, a choice. Default: of every float32 input. */
  readonly gradient?: boolean;
}

/** By kind of operation. float32 has a rounding unit of 6e-8; of sines WGSL promises no more than 2^-11. */
export const tolerance = { exact: 0, arithmetic: 1e-6, sum: 1e-5, transcendental: 2e-5, trigonometric: 5e-4 } as const;

const size = (shape: readonly number[]): number => shape.reduce((product, dimension) => product * dimension, 1);

export function float(shape: readonly number[], low = -1, high = 1): Input {
  const values = (random: Random) => Array.from({ length: size(shape) }, () => low + (high - low) * random.next());
  return { shape, dtype: "float32", values };
}

/** Uniform in [low, high). */
export function integer(shape: readonly number[], low: number, high: number): Input {
  const values = (random: Random) => Array.from({ length: size(shape) }, () => low + random.integer(high - low));
  return { shape, dtype: "int32", values };
}

export function bool(shape: readonly number[]): Input {
  return { shape, dtype: "bool", values: (random) => Array.from({ length: size(shape) }, () => random.integer(2)) };
}

export function given(
  values: readonly number[],
  shape: readonly number[] = [values.length],
  dtype: DataType = "float32",
): Input {
  return { shape, dtype, values: () => [...values] };
}

/** What IEEE 754 has beside numbers, and numbers at its edges. */
export const special: readonly number[] = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3e38, -3e38, 1e-30, -1e-30];

/**
 * Shapes for one kernel: a scalar, nothing, one longer than a vector register or a workgroup's row, and two of ranks 1 to
 * 5 drawn for this kernel, some axes of size 1. Over all kernels every rank comes often.
 */
export function shapesFor(kernel: string): number[][] {
  const random = createRandom(`shapes of ${kernel}`);
  return [[], [0, 3], [2, 1, 67], drawShape(random, 1, 3), drawShape(random, 3, 5)];
}

/** Pairs that broadcast: equal, a scalar on either side, nothing, and drawn ones with axes of size 1 or left out. */
export function broadcastPairsFor(kernel: string): [number[], number[]][] {
  const random = createRandom(`pairs of ${kernel}`);
  const drawn = Array.from({ length: 3 }, (): [number[], number[]] => {
    const full = drawShape(random, 2, 5);
    const part = (): number[] =>
      full.slice(random.integer(full.length)).map((dimension) => (random.next() < 0.3 ? 1 : dimension));
    return random.next() < 0.5 ? [full, part()] : [part(), full];
  });
  return [
    [
      [5, 13],
      [5, 13],
    ],
    [[], [3, 2]],
    [[4, 1, 3], []],
    [[0, 3], [3]],
    [
      [2, 1, 5],
      [3, 1],
    ],
    ...drawn,
  ];
}

function drawShape(random: Random, lowestRank: number, highestRank: number): number[] {
  const rank = lowestRank + random.integer(highestRank - lowestRank + 1);
  return Array.from({ length: rank }, () => random.pick([1, 2, 3, 4, 5]));
}

export const show = (shape: readonly number[]): string => `[${shape.join(",")}]`;
