/**
 * Reductions over nothing, of which wasm as shipped makes whatever was in memory, and webgpu an exception: each becomes
 * the value that adds nothing to its kind, and a mean 0, as on the cpu backend.
 */
import { replaceKernel } from "./replace-kernel.ts";
import { tf } from "./tf.ts";

const ofNothing = { All: 1, Any: 0, Max: -Infinity, Mean: 0, Min: Infinity, Prod: 1, Sum: 0 } as const;

/** The maximum has another word for its axes. */
interface Attributes {
  readonly axis?: number | number[];
  readonly reductionIndices?: number | number[];
  readonly keepDims: boolean;
}

export function repairEmptyReductions(backendName: string): void {
  for (const [kernel, value] of Object.entries(ofNothing))
    replaceKernel(backendName, kernel, (shipped) => (call) => {
      const { x } = call.inputs as { x: tf.TensorInfo };
      if (tf.util.sizeFromShape(x.shape) > 0) return shipped!(call);
      const { axis, reductionIndices, keepDims } = call.attrs as unknown as Attributes;
      const axes = tf.util.parseAxisParam((axis ?? reductionIndices)!, x.shape);
      const [kept] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
      const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept;
      return tf.fill(shape, value, x.dtype === "bool" && kernel !== "All" && kernel !== "Any" ? "int32" : x.dtype);
    });
}
