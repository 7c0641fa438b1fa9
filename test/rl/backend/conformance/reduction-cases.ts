/** Kernels that fold axes, run along one, or sort along one. */
import { tf } from "../../../../src/rl/backend/tf.ts";
import { bool, float, given, integer, show, tolerance, type Case, type Input } from "./case.ts";

const { exact, sum, transcendental } = tolerance;

type Reduce = (x: any, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

/** Every way of naming axes, on ranks 0 to 5; beyond one row of a workgroup too. */
const axesOf: readonly (readonly [number[], (number | number[])?, boolean?])[] = [
  [[]],
  [[5, 7]],
  [[5, 7], 0],
  [[5, 7], -1, true],
  [[1, 1]],
  [
    [3, 1, 4],
    [0, 2],
  ],
  [[2, 3, 4], 1],
  [[2, 1, 3, 4], [1, 3], true],
  [
    [2, 3, 1, 2, 3],
    [0, 4],
  ],
  [[4, 301], -1],
  [[301, 3], 0],
];

function reductions(
  operation: Reduce,
  input: (shape: readonly number[]) => Input,
  near: number,
  gradient = true,
): Case[] {
  return axesOf.map(([shape, axis, keepDims]) => ({
    name: `${show(shape)} over ${axis === undefined ? "all" : show([axis].flat())}${keepDims ? ", axes kept" : ""}`,
    inputs: [input(shape)],
    operation: (x) => operation(x, axis, keepDims),
    tolerance: near,
    gradient,
  }));
}

const on = (
  name: string,
  input: Input,
  operation: (x: any) => tf.Tensor | tf.Tensor[],
  near: number = exact,
  gradient = false,
): Case => ({
  name,
  inputs: [input],
  operation,
  tolerance: near,
  gradient,
});

const extremes = (operation: Reduce): Case[] => [
  ...reductions(operation, float, exact),
  on("of integers", integer([4, 6], -90, 90), (x) => operation(x, 1)),
  on("of integers over the middle", integer([2, 3, 4], -90, 90), (x) => operation(x, 1, true)),
  on("over an empty axis", float([3, 0]), (x) => operation(x, 1)),
  on("with infinities", given([1, Infinity, -Infinity, 3, -2, 0], [2, 3]), (x) => operation(x, 1)),
  on("with something that is not a number", given([1, NaN, 2, 5, 4, 3], [2, 3]), (x) => operation(x, 1)),
  on("tied: the gradient goes to each", given([2, 2, 1, 1, 3, 3], [2, 3]), (x) => operation(x, 1), exact, true),
];

const positions = (operation: (x: any, axis?: number) => tf.Tensor): Case[] => [
  ...[0, 1, 2].map((axis) => on(`[4,3,5] along ${axis}`, float([4, 3, 5]), (x) => operation(x, axis))),
  on("[301]", float([301]), (x) => operation(x, 0)),
  on("[2,1]", float([2, 1]), (x) => operation(x, 1)),
  on("of integers", integer([3, 9], -50, 50), (x) => operation(x, 1)),
  on("tied: the first", given([1, 3, 3, 1, 0, 0, 5, 0], [2, 4]), (x) => operation(x, 1)),
];

type Running = (x: any, axis?: number, exclusive?: boolean, reverse?: boolean) => tf.Tensor;

const running = (operation: Running, gradient: boolean): Case[] => [
  ...[false, true].flatMap((exclusive) =>
    [false, true].map((reverse) =>
      on(
        `[3,7]${exclusive ? ", exclusive" : ""}${reverse ? ", reversed" : ""}`,
        float([3, 7]),
        (x) => operation(x, 1, exclusive, reverse),
        sum,
        gradient,
      ),
    ),
  ),
  // tfjs-core's gradient of cumsum is right only along the last axis.
  on("[4,3,2] along 0", float([4, 3, 2]), (x) => operation(x, 0), sum),
  on("[1,67]", float([1, 67]), (x) => operation(x, 1), sum, gradient),
  on("of integers", integer([2, 5], -3, 4), (x) => operation(x, 1)),
];

const distinct = (shape: readonly number[]): Input => ({
  shape,
  dtype: "float32",
  values: (random) => random.shuffle(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 8 - 3)),
});

/** Axes counted from the front: tfjs-core's gradient of prod knows no others. */
const product: Reduce = (x: tf.Tensor, axis, keepDims) =>
  tf.prod(x, axis === undefined ? axis : [axis].flat().map((one) => (one + x.rank) % x.rank), keepDims);

export const reductionCases: Readonly<Record<string, readonly Case[]>> = {
  All: [...reductions(tf.all, bool, exact), on("over an empty axis", bool([3, 0]), (x) => tf.all(x, 1))],
  Any: [...reductions(tf.any, bool, exact), on("over an empty axis", bool([3, 0]), (x) => tf.any(x, 1))],
  ArgMax: positions(tf.argMax),
  ArgMin: positions(tf.argMin),
  Bincount: [
    on("without weights", integer([20], 0, 6), (x) => tf.bincount(x, tf.tensor1d([]), 6)),
    on("values beyond the bins", integer([20], 0, 9), (x) => tf.bincount(x, tf.tensor1d([]), 6)),
    {
      name: "weighted",
      inputs: [integer([20], 0, 6), float([20])],
      operation: (x, weights) => tf.bincount(x, weights, 6),
      tolerance: sum,
      gradient: false,
    },
  ],
  Cumprod: running(tf.cumprod, false),
  Cumsum: running(tf.cumsum, true),
  DenseBincount: [
    on("rows", integer([3, 11], 0, 5), (x) => tf.denseBincount(x, tf.tensor2d([], [0, 0]), 5)),
    on("whether there is any", integer([3, 11], 0, 5), (x) => tf.denseBincount(x, tf.tensor2d([], [0, 0]), 5, true)),
    {
      name: "weighted rows",
      inputs: [integer([3, 11], 0, 5), float([3, 11])],
      operation: (x, weights) => tf.denseBincount(x, weights, 5),
      tolerance: sum,
      gradient: false,
    },
  ],
  Max: extremes(tf.max),
  Mean: [
    ...reductions(tf.mean, float, sum),
    on("of integers", integer([4, 6], -90, 90), (x) => tf.mean(x, 1), sum),
    on("of booleans", bool([4, 6]), (x) => tf.mean(x), sum),
    on("over an empty axis", float([3, 0]), (x) => tf.mean(x, 1)),
  ],
  Min: extremes(tf.min),
  Prod: [
    ...reductions(product, (shape) => float(shape, 0.9, 1.1), transcendental),
    on("over an empty axis", float([3, 0]), (x) => tf.prod(x, 1)),
    on("of integers", integer([3, 5], 1, 4), (x) => tf.prod(x, 1)),
    on("of integers over the middle", integer([3, 5, 2], 1, 4), (x) => tf.prod(x, 1)),
    on(
      "with one zero: its gradient is the others' product",
      given([2, 0, 3, 1, 4, 5], [2, 3]),
      (x) => tf.prod(x, 1),
      sum,
      true,
    ),
  ],
  SearchSorted: (["left", "right"] as const).map((side) => ({
    name: side,
    inputs: [given([0, 1, 1, 3, 5, 0, 2, 4, 4, 9], [2, 5]), given([1, 4, -1, 4, 0, 10], [2, 3])],
    operation: (sorted, values) => tf.searchSorted(sorted, values, side),
    tolerance: exact,
    gradient: false,
  })),
  Softmax: [
    ...[[7], [3, 5], [2, 1, 4], [2, 3, 1, 5], [2, 300]].map((shape) =>
      on(show(shape), float(shape, -4, 4), (x) => tf.softmax(x), transcendental, true),
    ),
    on("far from zero", given([1e4, 1e4 - 1, -1e4, -1e9, 0, 2], [2, 3]), (x) => tf.softmax(x), transcendental, true),
    on("one impossible", given([-Infinity, 0, 1], [1, 3]), (x) => tf.softmax(x), transcendental),
    on(
      "its logarithm",
      float([4, 9], -4, 4),
      (x) => tf.add(tf.logSoftmax(x), tf.mul(0, tf.softmax(x))),
      transcendental,
      true,
    ),
  ],
  Sum: [
    ...reductions(tf.sum, float, sum),
    on("over an empty axis", float([3, 0]), (x) => tf.sum(x, 1)),
    on("of nothing", float([0]), (x) => tf.sum(x)),
    on("of integers", integer([4, 6], -90, 90), (x) => tf.sum(x, 1)),
    on("of integers over the first and last", integer([2, 3, 4], -90, 90), (x) => tf.sum(x, [0, 2])),
    on("of booleans", bool([4, 6]), (x) => tf.sum(x, 0)),
    on("of integers made float32", integer([2, 3, 4], -90, 90), (x) => tf.sum(tf.cast(x, "float32"), 1)),
    on("with infinities and what is not a number", given([1, Infinity, 2, NaN, -Infinity, 0], [3, 2]), (x) =>
      tf.sum(x, 1),
    ),
  ],
  TopK: [
    ...[1, 3, 8].map((k) => {
      const operation = (x: tf.Tensor) => Object.values(tf.topk(x, k));
      return on(`${k} of 8`, distinct([3, 8]), operation);
    }),
    on("3 of 300", distinct([2, 300]), (x) => Object.values(tf.topk(x, 3))),
    on("of integers, tied: the first", given([3, 1, 3, 2, 3], [5], "int32"), (x) => Object.values(tf.topk(x, 2))),
  ],
  Unique: [
    on("of numbers", integer([12], 0, 5), (x) => Object.values(tf.unique(x))),
    on("of rows", given([1, 2, 3, 4, 1, 2], [3, 2], "int32"), (x) => Object.values(tf.unique(x, 0))),
  ],
  // logSumExp and normalisation are made of those above.
};
