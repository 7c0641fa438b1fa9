/** Kernels that compute each element from the same element of their inputs, broadcast. */
import { tf } from "../../../../src/rl/backend/tf.ts";
import {
  bool,
  broadcastPairsFor,
  float,
  given,
  integer,
  shapesFor,
  show,
  special,
  tolerance,
  type Case,
} from "./case.ts";

interface Unary {
  readonly operation: (x: any) => tf.Tensor;
  readonly tolerance?: number;
  /** Where the function is defined and not too steep. */
  readonly domain?: readonly [number, number];
  readonly gradient?: boolean;
  /** Defined on integers too. */
  readonly integers?: boolean;
}

const { exact, arithmetic, transcendental, trigonometric } = tolerance;

const unary: Readonly<Record<string, Unary>> = {
  Abs: { operation: tf.abs, tolerance: exact, integers: true },
  Acos: { operation: tf.acos, tolerance: trigonometric, domain: [-0.9, 0.9] },
  Acosh: { operation: tf.acosh, domain: [1.2, 4] },
  Asin: { operation: tf.asin, tolerance: trigonometric, domain: [-0.9, 0.9] },
  Asinh: { operation: tf.asinh, domain: [-3, 3] },
  Atan: { operation: tf.atan, tolerance: trigonometric, domain: [-3, 3] },
  Atanh: { operation: tf.atanh, domain: [-0.9, 0.9] },
  Ceil: { operation: tf.ceil, tolerance: exact, domain: [-4, 4] },
  ClipByValue: { operation: (x) => tf.clipByValue(x, -0.5, 0.25), tolerance: exact },
  Cos: { operation: tf.cos, tolerance: trigonometric, domain: [-3, 3] },
  Cosh: { operation: tf.cosh, domain: [-3, 3] },
  Elu: { operation: tf.elu, domain: [-3, 3] },
  Erf: { operation: tf.erf, domain: [-3, 3] },
  Exp: { operation: tf.exp, domain: [-5, 5] },
  Expm1: { operation: tf.expm1, domain: [-3, 3] },
  Floor: { operation: tf.floor, tolerance: exact, domain: [-4, 4] },
  Identity: { operation: tf.clone, tolerance: exact, integers: true },
  IsFinite: { operation: tf.isFinite, tolerance: exact, gradient: false },
  IsInf: { operation: tf.isInf, tolerance: exact, gradient: false },
  IsNan: { operation: tf.isNaN, tolerance: exact, gradient: false },
  LeakyRelu: { operation: (x) => tf.leakyRelu(x, 0.1), tolerance: arithmetic },
  Log: { operation: tf.log, domain: [0.05, 9] },
  Log1p: { operation: tf.log1p, domain: [-0.9, 9] },
  Neg: { operation: tf.neg, tolerance: exact, integers: true },
  OnesLike: { operation: (x) => tf.onesLike(x), tolerance: exact, integers: true, gradient: false },
  Reciprocal: { operation: tf.reciprocal, tolerance: arithmetic, domain: [0.3, 3] },
  Relu: { operation: tf.relu, tolerance: exact, integers: true },
  Relu6: { operation: tf.relu6, tolerance: exact, domain: [-3, 9], integers: true },
  Round: { operation: tf.round, tolerance: exact, domain: [-4, 4] },
  Rsqrt: { operation: tf.rsqrt, domain: [0.1, 9] },
  Selu: { operation: tf.selu, domain: [-3, 3] },
  Sigmoid: { operation: tf.sigmoid, domain: [-9, 9] },
  Sign: { operation: tf.sign, tolerance: exact },
  Sin: { operation: tf.sin, tolerance: trigonometric, domain: [-3, 3] },
  Sinh: { operation: tf.sinh, domain: [-3, 3] },
  Softplus: { operation: tf.softplus, domain: [-20, 20] },
  Sqrt: { operation: tf.sqrt, domain: [0.1, 9] },
  Square: { operation: tf.square, tolerance: arithmetic, domain: [-3, 3], integers: true },
  Step: { operation: (x) => tf.step(x, 0.25), tolerance: exact },
  Tan: { operation: tf.tan, tolerance: trigonometric, domain: [-1.2, 1.2] },
  Tanh: { operation: tf.tanh, domain: [-3, 3] },
  ZerosLike: { operation: (x) => tf.zerosLike(x), tolerance: exact, integers: true, gradient: false },
};

function unaryCases(kernel: string, spec: Unary): Case[] {
  const { operation, domain: [low, high] = [-1, 1], integers, ...rest } = spec;
  const common = { operation, tolerance: transcendental, ...rest };
  const cases: Case[] = shapesFor(kernel).map((shape) => ({
    ...common,
    name: show(shape),
    inputs: [float(shape, low, high)],
  }));
  cases.push({ ...common, name: "special values", inputs: [given(special)], gradient: false });
  if (integers === true) cases.push({ ...common, name: "int32", inputs: [integer([3, 7], -9, 10)], gradient: false });
  return cases;
}

interface Binary {
  readonly operation: (a: any, b: any) => tf.Tensor;
  readonly tolerance?: number;
  readonly first?: readonly [number, number];
  readonly second?: readonly [number, number];
  readonly gradient?: boolean | "of equal shapes";
  /** int32 on both sides, the second above 0. */
  readonly integers?: boolean;
}

/** Gradients "of equal shapes": tfjs-core's own, on every backend, refuses inputs that broadcast. */
const binary: Readonly<Record<string, Binary>> = {
  Add: { operation: tf.add, integers: true },
  Atan2: { operation: tf.atan2, tolerance: trigonometric, second: [0.3, 2] },
  Equal: { operation: tf.equal, tolerance: exact, gradient: false, integers: true },
  FloorDiv: {
    operation: tf.floorDiv,
    tolerance: exact,
    first: [-9, 9],
    second: [0.7, 3],
    gradient: false,
    integers: true,
  },
  Greater: { operation: tf.greater, tolerance: exact, gradient: false, integers: true },
  GreaterEqual: { operation: tf.greaterEqual, tolerance: exact, gradient: false, integers: true },
  Less: { operation: tf.less, tolerance: exact, gradient: false, integers: true },
  LessEqual: { operation: tf.lessEqual, tolerance: exact, gradient: false, integers: true },
  Maximum: { operation: tf.maximum, tolerance: exact, gradient: "of equal shapes", integers: true },
  Minimum: { operation: tf.minimum, tolerance: exact, gradient: "of equal shapes", integers: true },
  Mod: { operation: tf.mod, tolerance: transcendental, first: [-9, 9], second: [1.5, 3.5], integers: true },
  Multiply: { operation: tf.mul, integers: true },
  NotEqual: { operation: tf.notEqual, tolerance: exact, gradient: false, integers: true },
  Pow: { operation: tf.pow, tolerance: transcendental, first: [0.2, 3], second: [-2, 2], integers: true },
  RealDiv: { operation: tf.div, second: [0.5, 3] },
  SquaredDifference: { operation: tf.squaredDifference, gradient: "of equal shapes", integers: true },
  Sub: { operation: tf.sub, integers: true },
};

function binaryCases(kernel: string, spec: Binary): Case[] {
  const { operation, first = [-1, 1], second = [-1, 1], integers, gradient = true, tolerance = arithmetic } = spec;
  const common = { operation, tolerance };
  const cases: Case[] = broadcastPairsFor(kernel).map(([a, b]) => ({
    ...common,
    name: `${show(a)} ${show(b)}`,
    inputs: [float(a, ...first), float(b, ...second)],
    gradient: gradient === true || (gradient === "of equal shapes" && show(a) === show(b)),
  }));
  const against = [1, -2, NaN, Infinity];
  cases.push({
    ...common,
    name: "special values",
    inputs: [given(special, [special.length, 1]), given(against)],
    gradient: false,
  });
  if (integers === true)
    cases.push({
      ...common,
      name: "int32",
      inputs: [integer([4, 1, 3], -4, 5), integer([5, 3], 1, 4)],
      gradient: false,
    });
  return cases;
}

/** From the first dtype to each other. */
const casts: Case[] = (["float32", "int32", "bool"] as const).flatMap((to) => [
  {
    name: `float32 to ${to}`,
    inputs: [float([3, 5], -9, 9)],
    operation: (x: tf.Tensor) => tf.cast(x, to),
    tolerance: exact,
    gradient: to === "float32",
  },
  {
    name: `zeros and whole float32 to ${to}`,
    inputs: [given([0, -0, 1, -1, 2.5, -2.5, 7])],
    operation: (x: tf.Tensor) => tf.cast(x, to),
    tolerance: exact,
    gradient: false,
  },
  {
    name: `int32 to ${to}`,
    inputs: [integer([2, 3], -2, 3)],
    operation: (x: tf.Tensor) => tf.cast(x, to),
    tolerance: exact,
  },
  { name: `bool to ${to}`, inputs: [bool([2, 3])], operation: (x: tf.Tensor) => tf.cast(x, to), tolerance: exact },
]);

const logical = (kernel: string, operation: (a: any, b: any) => tf.Tensor): Case[] =>
  broadcastPairsFor(kernel).map(([a, b]) => ({
    name: `${show(a)} ${show(b)}`,
    inputs: [bool(a), bool(b)],
    operation,
    tolerance: exact,
  }));

const where = (name: string, condition: readonly number[], a: readonly number[], b: readonly number[]): Case => ({
  name,
  inputs: [bool(condition), float(a), float(b)],
  operation: (c, x, y) => tf.where(c, x, y),
  tolerance: exact,
});

export const elementwiseCases: Readonly<Record<string, readonly Case[]>> = {
  ...Object.fromEntries(Object.entries(unary).map(([kernel, spec]) => [kernel, unaryCases(kernel, spec)])),
  ...Object.fromEntries(Object.entries(binary).map(([kernel, spec]) => [kernel, binaryCases(kernel, spec)])),
  AddN: [1, 2, 5].map((terms) => ({
    name: `${terms} terms`,
    inputs: Array.from({ length: terms }, () => float([3, 1, 5])),
    operation: (...xs: tf.Tensor[]) => tf.addN(xs),
    tolerance: arithmetic,
  })),
  BitwiseAnd: [
    {
      name: "[2,9]",
      inputs: [integer([2, 9], 0, 1000), integer([2, 9], 0, 1000)],
      operation: (a: tf.Tensor, b: tf.Tensor) => tf.engine().runKernel<tf.Tensor>("BitwiseAnd", { a, b }),
      tolerance: exact,
    },
  ],
  Cast: casts,
  EluGrad: [
    {
      name: "[3,7]",
      inputs: [float([3, 7], -3, 3)],
      operation: (x: tf.Tensor) => tf.grad((x: tf.Tensor) => tf.sum(tf.elu(x)))(x),
      tolerance: transcendental,
      gradient: false,
    },
  ],
  LogicalAnd: logical("LogicalAnd", tf.logicalAnd),
  LogicalOr: logical("LogicalOr", tf.logicalOr),
  LogicalNot: shapesFor("LogicalNot").map((shape) => ({
    name: show(shape),
    inputs: [bool(shape)],
    operation: tf.logicalNot,
    tolerance: exact,
  })),
  Prelu: (
    [
      [
        [4, 3],
        [4, 3],
      ],
      [[4, 3], [3]],
      [
        [2, 3, 1, 5],
        [3, 1, 1],
      ],
      [[0, 2], [2]],
    ] as const
  ).map(([x, alpha]) => ({
    name: `${show(x)} ${show(alpha)}`,
    inputs: [float(x), float(alpha)],
    operation: tf.prelu,
    tolerance: arithmetic,
  })),
  Select: [
    where("equal shapes", [4, 3], [4, 3], [4, 3]),
    where("scalars", [], [], []),
    where("nothing", [0, 2], [0, 2], [0, 2]),
    where("condition broadcast over columns", [4, 1], [4, 3], [4, 3]),
    where("branches broadcast", [2, 4, 3], [3], [2, 1, 1]),
    where("rank 5", [2, 1, 2, 3, 2], [2, 1, 2, 3, 2], [2, 1, 2, 3, 2]),
    {
      name: "of integers",
      inputs: [bool([7]), integer([7], -5, 5), integer([7], -5, 5)],
      operation: (c, x, y) => tf.where(c, x, y),
      tolerance: exact,
    },
    {
      name: "a branch not taken is not a number",
      inputs: [given([1, 0, 1], [3], "bool"), given([1, NaN, 2]), given([NaN, 5, Infinity])],
      operation: (c, x, y) => tf.where(c, x, y),
      tolerance: exact,
      gradient: false,
    },
  ],
};
