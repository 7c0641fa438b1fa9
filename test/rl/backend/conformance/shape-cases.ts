/** Kernels that move, repeat, cut, join or make elements, and compute nothing. */
import { tf } from "../../../../src/rl/backend/tf.ts";
import { bool, float, integer, shapesFor, show, tolerance, type Case, type DataType, type Input } from "./case.ts";

const { exact, sum, arithmetic } = tolerance;

const of = (dtype: DataType, shape: readonly number[]): Input =>
  dtype === "float32" ? float(shape) : dtype === "int32" ? integer(shape, -99, 99) : bool(shape);

/** Gradients of these add up. */
const move = (
  name: string,
  shape: readonly number[],
  operation: (x: any) => tf.Tensor | tf.Tensor[],
  dtype: DataType = "float32",
): Case => ({
  name: `${name}${dtype === "float32" ? "" : `, ${dtype}`}`,
  inputs: [of(dtype, shape)],
  operation,
  tolerance: sum,
});

/** tfjs-core has no gradient of it. */
const cut = (name: string, shape: readonly number[], operation: (x: any) => tf.Tensor): Case => ({
  ...move(name, shape, operation),
  gradient: false,
});

const inEachType = (name: string, shape: readonly number[], operation: (x: any) => tf.Tensor | tf.Tensor[]): Case[] =>
  (["float32", "int32", "bool"] as const).map((dtype) => move(name, shape, operation, dtype));

const join = (
  name: string,
  shapes: readonly (readonly number[])[],
  operation: (...xs: any[]) => tf.Tensor,
  dtype: DataType = "float32",
): Case => ({
  name,
  inputs: shapes.map((shape) => of(dtype, shape)),
  operation,
  tolerance: exact,
});

const constant = (name: string, make: () => tf.Tensor): Case => ({
  name,
  inputs: [],
  operation: make,
  tolerance: arithmetic,
});

// By another name: the linter takes it for an array's.
const { fill: filled } = tf;

const permutations: readonly (readonly [number[], number[]])[] = [
  [
    [3, 5],
    [1, 0],
  ],
  [
    [1, 5],
    [1, 0],
  ],
  [
    [33, 17],
    [1, 0],
  ],
  [
    [0, 4],
    [1, 0],
  ],
  [
    [2, 3, 4],
    [0, 2, 1],
  ],
  [
    [2, 3, 4],
    [2, 0, 1],
  ],
  [
    [2, 3, 4],
    [1, 0, 2],
  ],
  [
    [2, 1, 3, 4],
    [0, 2, 1, 3],
  ],
  [
    [2, 3, 2, 4],
    [3, 1, 0, 2],
  ],
  [
    [2, 3, 3, 2, 4],
    [2, 0, 3, 1, 4],
  ],
];

export const shapeCases: Readonly<Record<string, readonly Case[]>> = {
  BroadcastArgs: [
    {
      name: "of two shapes",
      inputs: [{ ...integer([2], 1, 2) }, integer([3], 3, 4)],
      operation: (a, b) => tf.broadcastArgs(a, b),
      tolerance: exact,
    },
  ],
  BatchToSpaceND: [
    move("[8,2,3]", [8, 2, 3], (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 1],
          [1, 0],
        ],
      ),
    ),
  ],
  Concat: [
    join(
      "two along 0",
      [
        [2, 3],
        [4, 3],
      ],
      (...xs) => tf.concat(xs, 0),
    ),
    join(
      "three along -1",
      [
        [2, 1, 3],
        [2, 1, 1],
        [2, 1, 4],
      ],
      (...xs) => tf.concat(xs, -1),
    ),
    join(
      "three along 1 of rank 4",
      [
        [2, 2, 1, 3],
        [2, 1, 1, 3],
        [2, 3, 1, 3],
      ],
      (...xs) => tf.concat(xs, 1),
    ),
    join(
      "with an empty one",
      [
        [0, 3],
        [4, 3],
        [0, 3],
      ],
      (...xs) => tf.concat(xs, 0),
    ),
    join("vectors", [[3], [1], [67]], (...xs) => tf.concat(xs, 0)),
    join(
      "nine",
      Array.from({ length: 9 }, (_, i) => [2, i + 1]),
      (...xs) => tf.concat(xs, 1),
    ),
    join(
      "integers",
      [
        [2, 3],
        [2, 5],
      ],
      (...xs) => tf.concat(xs, 1),
      "int32",
    ),
    join(
      "booleans",
      [
        [2, 3],
        [2, 5],
      ],
      (...xs) => tf.concat(xs, 1),
      "bool",
    ),
  ],
  DepthToSpace: [{ ...move("[1,2,3,8]", [1, 2, 3, 8], (x) => tf.depthToSpace(x, 2, "NHWC")), gradient: false }],
  Diag: [{ ...move("[4]", [4], (x) => tf.diag(x)), gradient: false }],
  ExpandDims: [0, 1, 2, -1].map((axis) => move(`at ${axis}`, [3, 4], (x) => tf.expandDims(x, axis))),
  Fill: [
    constant("[2,3] of 1.5", () => filled([2, 3], 1.5)),
    constant("a scalar", () => filled([], -2)),
    constant("nothing", () => filled([0, 3], 1)),
    constant("integers", () => filled([4], 7, "int32")),
    constant("infinity", () => filled([3], Infinity)),
  ],
  LinSpace: [constant("5 from -1 to 2", () => tf.linspace(-1, 2, 5)), constant("one", () => tf.linspace(3, 9, 1))],
  MirrorPad: (["reflect", "symmetric"] as const).flatMap((mode) => [
    { ...move(`${mode} [5]`, [5], (x) => tf.mirrorPad(x, [[2, 1]], mode)), gradient: false },
    {
      ...move(`${mode} [3,4]`, [3, 4], (x) =>
        tf.mirrorPad(
          x,
          [
            [1, 2],
            [0, 3],
          ],
          mode,
        ),
      ),
      gradient: false,
    },
  ]),
  OneHot: [
    move("depth 5", [7], (x) => tf.oneHot(x, 5), "int32"),
    {
      name: "of ids within the depth",
      inputs: [integer([2, 4], 0, 6)],
      operation: (x) => tf.oneHot(x, 6),
      tolerance: exact,
    },
    {
      name: "with other values",
      inputs: [integer([5], 0, 3)],
      operation: (x) => tf.oneHot(x, 3, 0.9, 0.05),
      tolerance: exact,
    },
  ],
  Pack: [
    join(
      "along 0",
      [
        [2, 3],
        [2, 3],
      ],
      (...xs) => tf.stack(xs, 0),
    ),
    join(
      "along 2",
      [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
      (...xs) => tf.stack(xs, 2),
    ),
    join("one scalar", [[]], (...xs) => tf.stack(xs)),
    join("integers", [[4], [4]], (...xs) => tf.stack(xs, 1), "int32"),
  ],
  PadV2: [
    move("[5]", [5], (x) => tf.pad(x, [[2, 3]], 0.5)),
    move("[2,3]", [2, 3], (x) =>
      tf.pad(x, [
        [0, 1],
        [2, 0],
      ]),
    ),
    move("[2,1,3]", [2, 1, 3], (x) =>
      tf.pad(
        x,
        [
          [1, 1],
          [0, 2],
          [1, 0],
        ],
        -1,
      ),
    ),
    move("[2,2,1,3]", [2, 2, 1, 3], (x) =>
      tf.pad(x, [
        [0, 0],
        [1, 0],
        [0, 0],
        [0, 2],
      ]),
    ),
    move("by nothing", [2, 3], (x) =>
      tf.pad(x, [
        [0, 0],
        [0, 0],
      ]),
    ),
    move("of nothing", [0, 2], (x) =>
      tf.pad(
        x,
        [
          [1, 1],
          [0, 0],
        ],
        3,
      ),
    ),
    move(
      "[2,3]",
      [2, 3],
      (x) =>
        tf.pad(
          x,
          [
            [1, 0],
            [0, 1],
          ],
          4,
        ),
      "int32",
    ),
  ],
  Range: [
    constant("5 to 12", () => tf.range(5, 12)),
    constant("down by a half", () => tf.range(2, -1, -0.5)),
    constant("integers by 3", () => tf.range(0, 10, 3, "int32")),
  ],
  Reshape: shapesFor("Reshape").map((shape) => move(show(shape), shape, (x) => tf.reshape(x, [-1, 1]))),
  Reverse: [
    move("[7]", [7], (x) => tf.reverse(x)),
    move("[3,4] along 1", [3, 4], (x) => tf.reverse(x, 1)),
    move("[2,3,4] along 0 and 2", [2, 3, 4], (x) => tf.reverse(x, [0, 2])),
    move("[2,1,3,2] along all", [2, 1, 3, 2], (x) => tf.reverse(x)),
    move("[5]", [5], (x) => tf.reverse(x), "int32"),
  ],
  Slice: [
    move("[9] in the middle", [9], (x) => tf.slice(x, 3, 4)),
    move("[5,4] a block", [5, 4], (x) => tf.slice(x, [1, 2], [3, 1])),
    move("[5,4] rows to the end", [5, 4], (x) => tf.slice(x, [2, 0], [-1, -1])),
    move("[3,1,4]", [3, 1, 4], (x) => tf.slice(x, [1, 0, 1], [2, 1, 2])),
    move("[2,3,2,4]", [2, 3, 2, 4], (x) => tf.slice(x, [0, 1, 1, 1], [2, 2, 1, 3])),
    move("[2,2,3,2,3]", [2, 2, 3, 2, 3], (x) => tf.slice(x, [1, 0, 1, 0, 1], [1, 2, 2, 2, 2])),
    { ...move("nothing of it", [4, 3], (x) => tf.slice(x, [1, 1], [0, 2])), gradient: false },
    move("[5,4]", [5, 4], (x) => tf.slice(x, [1, 1], [2, 2]), "int32"),
    move("[5,4]", [5, 4], (x) => tf.slice(x, [1, 1], [2, 2]), "bool"),
  ],
  SpaceToBatchND: [
    move("[2,4,3]", [2, 4, 3], (x) =>
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [0, 0],
          [1, 0],
        ],
      ),
    ),
  ],
  SplitV: [
    ...inEachType("[6,4] into 3 along 0", [6, 4], (x) => tf.split(x, 3, 0)),
    move("[6,4] into 1, 3, 2", [6, 4], (x) => tf.split(x, [1, 3, 2], 0)),
    move("[6,4] into 1 and the rest along 1", [6, 4], (x) => tf.split(x, [1, -1], 1)),
    move("[2,3,4] into 2 along -1", [2, 3, 4], (x) => tf.split(x, 2, -1)),
    move("[2,4,1,2] along 1", [2, 4, 1, 2], (x) => tf.split(x, [3, 1], 1)),
    move("[9] into vectors", [9], (x) => tf.split(x, [4, 0, 5])),
    { ...move("[4] into one", [4], (x) => tf.split(x, 1)), gradient: false },
  ],
  StridedSlice: [
    cut("[9] every second", [9], (x) => tf.stridedSlice(x, [1], [8], [2])),
    cut("[9] backwards", [9], (x) => tf.stridedSlice(x, [7], [1], [-2])),
    cut("[4,6] both axes", [4, 6], (x) => tf.stridedSlice(x, [0, 1], [4, 6], [3, 2])),
    cut("[4,6] begin and end left open", [4, 6], (x) => tf.stridedSlice(x, [0, 0], [0, 3], [1, 1], 1, 1)),
    cut("[3,4] an axis shrunk", [3, 4], (x) => tf.stridedSlice(x, [1, 0], [2, 4], [1, 1], 0, 0, 0, 0, 1)),
    cut("[3,4] a new axis", [3, 4], (x) => tf.stridedSlice(x, [0, 0, 0], [1, 2, 4], [1, 1, 1], 0, 0, 0, 1)),
  ],
  Tile: [
    move("[3]", [3], (x) => tf.tile(x, [4])),
    move("[2,3]", [2, 3], (x) => tf.tile(x, [2, 3])),
    move("[1,3,1]", [1, 3, 1], (x) => tf.tile(x, [2, 1, 4])),
    move("[2,1,3,1]", [2, 1, 3, 1], (x) => tf.tile(x, [1, 3, 1, 2])),
    { ...move("to rank 5", [1, 2, 1, 2, 1], (x) => tf.tile(x, [2, 1, 2, 1, 3])), gradient: false },
    { ...move("of nothing", [0, 2], (x) => tf.tile(x, [3, 2])), gradient: false },
    move("[2,3]", [2, 3], (x) => tf.tile(x, [2, 2]), "int32"),
    move("[2,3]", [2, 3], (x) => tf.tile(x, [2, 2]), "bool"),
  ],
  Transpose: [
    ...permutations.map(([shape, order]) =>
      move(`${show(shape)} to ${show(order)}`, shape, (x) => tf.transpose(x, order)),
    ),
    move("[4,5]", [4, 5], (x) => tf.transpose(x), "int32"),
    ...(["int32", "bool"] as const).map((dtype) => move("[2,3,4]", [2, 3, 4], (x) => tf.transpose(x), dtype)),
    {
      name: "of integers made float32",
      inputs: [integer([2, 3, 4], -9, 9)],
      operation: (x) => tf.transpose(tf.cast(x, "float32"), [2, 0, 1]),
      tolerance: exact,
    },
    move("twice", [3, 4, 2], (x) => tf.transpose(tf.transpose(x, [2, 0, 1]), [0, 2, 1])),
  ],
  Unpack: [
    ...[0, 1, -1].map((axis) => move(`[3,2,4] along ${axis}`, [3, 2, 4], (x) => tf.unstack(x, axis))),
    move("[5]", [5], (x) => tf.unstack(x)),
    move("[2,3]", [2, 3], (x) => tf.unstack(x, 1), "int32"),
  ],
};
