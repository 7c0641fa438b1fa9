/** Products of matrices and what is fused with them; normalisation. */
import { tf } from "../../../../src/rl/backend/tf.ts";
import { float, show, tolerance, type Case } from "./case.ts";

const { sum, transcendental } = tolerance;

interface Product {
  /** Batch axes of either side. */
  readonly batches: readonly [readonly number[], readonly number[]];
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

const flags = [
  [false, false],
  [true, false],
  [true, true],
  [false, true],
] as const;

const sizes: readonly Product[] = [
  { batches: [[], []], rows: 3, inner: 5, columns: 4 },
  { batches: [[], []], rows: 1, inner: 1, columns: 1 },
  { batches: [[], []], rows: 1, inner: 37, columns: 2 },
  { batches: [[], []], rows: 35, inner: 1, columns: 33 },
  { batches: [[3], [3]], rows: 2, inner: 4, columns: 5 },
  { batches: [[3], [1]], rows: 4, inner: 3, columns: 2 },
  { batches: [[1], [3]], rows: 4, inner: 3, columns: 2 },
  {
    batches: [
      [2, 3],
      [2, 3],
    ],
    rows: 3,
    inner: 2,
    columns: 4,
  },
  {
    batches: [
      [2, 3],
      [1, 1],
    ],
    rows: 3,
    inner: 2,
    columns: 4,
  },
];

function product(
  { batches: [left, right], rows, inner, columns }: Product,
  transposeA: boolean,
  transposeB: boolean,
): Case {
  const a = [...left, ...(transposeA ? [inner, rows] : [rows, inner])];
  const b = [...right, ...(transposeB ? [columns, inner] : [inner, columns])];
  const mark = (transposed: boolean) => (transposed ? " transposed" : "");
  return {
    name: `${show(a)}${mark(transposeA)} ${show(b)}${mark(transposeB)}`,
    inputs: [float(a), float(b)],
    operation: (a, b) => tf.matMul(a, b, transposeA, transposeB),
    tolerance: sum,
    // tfjs-core's gradient, on every backend, refuses batches that broadcast.
    gradient: show(left) === show(right),
  };
}

const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu"] as const;

export const matrixCases: Readonly<Record<string, readonly Case[]>> = {
  BatchMatMul: [
    ...sizes.flatMap((size, i) =>
      flags
        // Each size in two ways, so that each way meets sizes of every kind; the first of all in all four.
        .filter((_, way) => i === 0 || way % 2 === i % 2)
        .map(([transposeA, transposeB]) => product(size, transposeA, transposeB)),
    ),
    product({ batches: [[], []], rows: 130, inner: 70, columns: 65 }, false, false),
    product({ batches: [[], []], rows: 5, inner: 300, columns: 3 }, false, true),
    { ...product({ batches: [[], []], rows: 0, inner: 3, columns: 2 }, false, false), gradient: false },
    {
      name: "by a vector on either side",
      inputs: [float([4]), float([4, 3])],
      operation: (v, m) => [tf.dot(v, m), tf.dot(tf.transpose(m), v)],
      tolerance: sum,
    },
  ],
  // tfjs-core has no gradient of it.
  Einsum: ["ij,jk->ik", "bij,bjk->bik", "ij->", "ij->ji", "bhtd,bhsd->bhts"].map((equation) => {
    const sizes: Record<string, number> = { i: 3, j: 4, k: 2, b: 2, h: 2, t: 3, s: 3, d: 4 };
    const inputs = equation
      .split("->")[0]!
      .split(",")
      .map((axes) => float(axes.split("").map((axis) => sizes[axis]!)));
    return {
      name: equation,
      inputs,
      operation: (...xs: tf.Tensor[]) => tf.einsum(equation, ...xs),
      tolerance: sum,
      gradient: false,
    };
  }),
  FusedBatchNorm: [
    {
      name: "[2,3,2,4] by channel",
      inputs: [float([2, 3, 2, 4]), float([4]), float([4], 0.5, 2), float([4]), float([4], 0.5, 2)],
      operation: (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale),
      tolerance: transcendental,
    },
    {
      name: "[5,3] without offset and scale",
      inputs: [float([5, 3]), float([3]), float([3], 0.5, 2)],
      operation: (x, mean, variance) => tf.batchNorm(x, mean, variance),
      tolerance: transcendental,
      // tfjs-core's gradient needs a scale.
      gradient: false,
    },
  ],
  _FusedMatMul: [
    ...activations.map((activation): Case => ({
      name: `with a bias and ${activation}`,
      inputs: [float([5, 4]), float([4, 3]), float([3])],
      operation: (a, b, bias) => tf.fused.matMul({ a, b, bias, activation }),
      tolerance: transcendental,
      // Others refuse to have one.
      gradient: activation === "linear" || activation === "relu" || activation === "relu6" || activation === "elu",
    })),
    ...flags.map(([transposeA, transposeB]): Case => ({
      name: `transposed ${transposeA} ${transposeB}, no bias`,
      inputs: [float(transposeA ? [4, 5] : [5, 4]), float(transposeB ? [3, 4] : [4, 3])],
      operation: (a, b) => tf.fused.matMul({ a, b, transposeA, transposeB, activation: "relu" }),
      tolerance: sum,
    })),
    {
      name: "with prelu",
      inputs: [float([5, 4]), float([4, 3]), float([3]), float([3])],
      operation: (a, b, bias, preluActivationWeights) =>
        tf.fused.matMul({ a, b, bias, activation: "prelu", preluActivationWeights }),
      tolerance: sum,
      gradient: false,
    },
    ...[1, 2].map((batches): Case => ({
      name: `in batches: ${batches}`,
      inputs: [float([batches, 3, 4]), float([batches, 4, 5]), float([5])],
      operation: (a, b, bias) => tf.fused.matMul({ a, b, bias, activation: "relu" }),
      tolerance: sum,
      gradient: false,
    })),
  ],
};
