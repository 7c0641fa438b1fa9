/**
 * Where a backend is known to depart from the cpu's answer: a reason, and the cases it explains. A case that agrees again
 * makes its test fail until it is taken off. None changes what the model computes: what would is corrected instead, and
 * not-a-number.test.ts shows that what is not a number still stops a step.
 */
import type { BackendName } from "../../../../src/rl/backend/names.ts";

interface Difference {
  readonly reason: string;
  /** "Kernel: case". */
  readonly cases: readonly string[];
}

const special = (...kernels: string[]): string[] => kernels.map((kernel) => `${kernel}: special values`);

const undefinedOnCpu: Difference = {
  reason: "of nothing it gives 1, -Infinity and Infinity, where the cpu backend reads beyond its input",
  cases: ["All: over an empty axis", "Max: over an empty axis", "Min: over an empty axis"],
};

const rank5 = "WGSL has vectors of four, and the shipped program knows no way around for rank 5";

export const knownDifferences: Readonly<Partial<Record<BackendName, readonly Difference[]>>> = {
  wasm: [
    undefinedOnCpu,
    { reason: "another reduction of huge angles", cases: special("Cos", "Sin") },
    { reason: "the larger of a number and what is not a number is the number", cases: special("Maximum", "Minimum") },
    { reason: "of what is not a number it makes 0", cases: special("Relu6") },
    { reason: "1e-30 has sign 0", cases: special("Sign") },
    { reason: "1 to the power of what is not a number is 1, as in IEEE 754", cases: special("Pow") },
    {
      reason: "the quotient of float32 stays float32",
      cases: [
        "FloorDiv: [5,13] [5,13]",
        "FloorDiv: [] [3,2]",
        "FloorDiv: [4,1,3] []",
        "FloorDiv: [0,3] [3]",
        "FloorDiv: [2,1,5] [3,1]",
        "FloorDiv: [1,3,2] [2]",
        "FloorDiv: [4,1,2,5,2] [4,1,1,5,1]",
        "FloorDiv: [3,1,2] [1,2]",
        ...special("FloorDiv"),
      ],
    },
    { reason: "its slopes are not broadcast but along the last axis", cases: ["Prelu: [2,3,1,5] [3,1,1]"] },
  ],
  torch: [
    undefinedOnCpu,
    { reason: "1 to the power of what is not a number is 1, as in IEEE 754", cases: special("Pow") },
    { reason: "what a negative number leaves of infinity is infinity, as in Python", cases: special("Mod") },
  ],
  webgpu: [
    undefinedOnCpu,
    {
      reason: "WGSL lets an implementation assume that there is neither infinity nor what is not a number",
      cases: special(
        "Acosh",
        "Asinh",
        "Atan2",
        "Atanh",
        "Cosh",
        "Elu",
        "Exp",
        "Expm1",
        "FloorDiv",
        "Log",
        "Log1p",
        "Pow",
        "Relu6",
        "Selu",
        "Sigmoid",
        "Sinh",
        "Softplus",
      ),
    },
    { reason: "another reduction of huge angles", cases: special("Cos", "Sin", "Tan") },
    {
      reason: rank5,
      cases: [
        "ClipByValue: [2,4,4,5,1]",
        "GreaterEqual: [3,4,4,4,4] [4]",
        "LeakyRelu: [2,3,1,4,3]",
        "Select: rank 5",
        "Slice: [2,2,3,2,3]",
        "Tile: to rank 5",
      ],
    },
    { reason: "the position in a vector is a vector of one, not a scalar", cases: ["ArgMax: [301]", "ArgMin: [301]"] },
    {
      reason: "counts only some of the rows, and its program for booleans does not compile",
      cases: ["DenseBincount: rows", "DenseBincount: weighted rows", "DenseBincount: whether there is any"],
    },
    { reason: "divides by one less than the count", cases: ["LinSpace: one"] },
  ],
};

/** Kernels in scope that a backend lacks: an operation that needs one throws, and names it. */
export const missingKernels: Readonly<Partial<Record<BackendName, readonly string[]>>> = {
  torch: [
    "BatchToSpaceND",
    "BroadcastArgs",
    "DepthToSpace",
    "FusedBatchNorm",
    "SpaceToBatchND",
    "SparseToDense",
    "Unique",
  ],
  wasm: ["Einsum"],
  webgpu: ["BitwiseAnd", "Unique"],
};
