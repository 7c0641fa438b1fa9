/** Kernels that read or write where other tensors point. */
import { tf } from "../../../../src/rl/backend/tf.ts";
import { float, given, integer, tolerance, type Case, type Input } from "./case.ts";

const { exact, sum } = tolerance;

const gather = (name: string, x: Input, indices: Input, axis = 0, batchDims = 0): Case => ({
  name,
  inputs: [x, indices],
  operation: (x, indices) => tf.gather(x, indices, axis, batchDims),
  tolerance: sum,
});

const pairs = given([0, 2, 1, 0, 1, 1], [3, 2], "int32");

export const indexCases: Readonly<Record<string, readonly Case[]>> = {
  GatherNd: [
    { name: "elements", inputs: [float([2, 3]), pairs], operation: tf.gatherND, tolerance: exact, gradient: false },
    { name: "rows", inputs: [float([2, 3, 4]), pairs], operation: tf.gatherND, tolerance: exact, gradient: false },
    { name: "of integers", inputs: [integer([2, 3], -9, 9), pairs], operation: tf.gatherND, tolerance: exact },
  ],
  GatherV2: [
    gather("rows of a matrix", float([5, 3]), integer([7], 0, 5)),
    gather("one row", float([5, 3]), integer([1], 0, 5)),
    gather("by a matrix of indices", float([5, 3]), integer([2, 4], 0, 5)),
    gather("columns", float([3, 5]), integer([4], 0, 5), 1),
    gather("the middle axis", float([2, 4, 3]), integer([3], 0, 4), 1),
    gather("of a vector", float([9]), integer([4], 0, 9)),
    gather("of rank 4", float([2, 3, 4, 2]), integer([2], 0, 4), 2),
    gather("by a scalar", float([5, 3]), integer([], 0, 5)),
    gather("integers", integer([5, 3], -9, 9), integer([6], 0, 5)),
    { ...gather("nothing", float([5, 3]), integer([0], 0, 5)), gradient: false },
    { ...gather("within batches", float([2, 5, 3]), integer([2, 4], 0, 5), 1, 1), gradient: false },
    gather("many rows", float([70, 33]), integer([130], 0, 70)),
  ],
  ScatterNd: [
    {
      name: "elements, some twice",
      inputs: [given([4, 1, 4, 7], [4, 1], "int32"), float([4])],
      operation: (indices, updates) => tf.scatterND(indices, updates, [9]),
      tolerance: sum,
      gradient: false,
    },
    {
      name: "rows",
      inputs: [given([2, 0], [2, 1], "int32"), float([2, 3])],
      operation: (indices, updates) => tf.scatterND(indices, updates, [4, 3]),
      tolerance: sum,
      gradient: false,
    },
    {
      name: "of integers",
      inputs: [given([0, 2, 1, 0], [2, 2], "int32"), integer([2], 1, 9)],
      operation: (indices, updates) => tf.scatterND(indices, updates, [2, 3]),
      tolerance: exact,
    },
  ],
  SparseToDense: [
    {
      name: "a vector",
      inputs: [given([1, 4], [2], "int32"), float([2])],
      operation: (indices, values) => tf.sparseToDense(indices, values, [6], tf.scalar(0.5)),
      tolerance: exact,
      gradient: false,
    },
    {
      name: "a matrix",
      inputs: [given([0, 1, 2, 0], [2, 2], "int32"), float([2])],
      operation: (indices, values) => tf.sparseToDense(indices, values, [3, 2], tf.scalar(0)),
      tolerance: exact,
      gradient: false,
    },
  ],
  TensorScatterUpdate: [
    {
      name: "rows",
      inputs: [float([4, 3]), given([3, 1], [2, 1], "int32"), float([2, 3])],
      operation: tf.tensorScatterUpdate,
      tolerance: exact,
      gradient: false,
    },
    {
      name: "elements",
      inputs: [float([4, 3]), given([3, 1, 0, 0], [2, 2], "int32"), float([2])],
      operation: tf.tensorScatterUpdate,
      tolerance: exact,
      gradient: false,
    },
  ],
  UnsortedSegmentSum: [
    {
      name: "rows, a segment of several and one of none",
      inputs: [float([5, 3]), given([2, 0, 2, 2, 3], [5], "int32")],
      operation: (x, ids) => tf.unsortedSegmentSum(x, ids, 5),
      tolerance: sum,
    },
    {
      name: "of a vector",
      inputs: [float([67]), integer([67], 0, 7)],
      operation: (x, ids) => tf.unsortedSegmentSum(x, ids, 7),
      tolerance: sum,
    },
    {
      name: "of rank 3",
      inputs: [float([4, 2, 3]), integer([4], 0, 3)],
      operation: (x, ids) => tf.unsortedSegmentSum(x, ids, 3),
      tolerance: sum,
    },
    {
      name: "of integers",
      inputs: [integer([6, 2], -9, 9), integer([6], 0, 3)],
      // The cpu backend gives float32, by the way it computes it.
      operation: (x, ids) => tf.cast(tf.unsortedSegmentSum(x, ids, 3), "int32"),
      tolerance: exact,
    },
  ],
};
