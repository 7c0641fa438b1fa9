/**
 * Corrections of the webgpu backend's shipped kernels.
 *
 * Found, and watched over, by test/rl/backend/op-conformance.test.ts.
 */
import { replaceKernel } from "./replace-kernel.ts";
import { tf } from "./tf.ts";

export function correctWebgpuKernels(): void {
  // Shipped: the program for the reverse direction has the axis' length written into it, but not into the key it is
  // cached under, so that a process computes every length as the first one it met.
  for (const kernel of ["Cumsum", "Cumprod"])
    replaceKernel("webgpu", kernel, (shipped) => (call) => {
      const { axis, exclusive, reverse } = call.attrs as { axis: number; exclusive: boolean; reverse: boolean };
      if (!reverse) return shipped!(call);
      const { x } = call.inputs as { x: tf.Tensor };
      const attributes = { axis, exclusive, reverse: false };
      return tf.tidy(() => tf.reverse(tf.engine().runKernel(kernel, { x: tf.reverse(x, axis) }, attributes), axis));
    });

  // Shipped: the integers' own memory under the name of float32, which programs that copy elements cannot read.
  replaceKernel("webgpu", "Cast", (shipped) => (call) => {
    const { x } = call.inputs as { x: tf.Tensor };
    if ((call.attrs as { dtype: string }).dtype !== "float32" || !isIntegral(x)) return shipped!(call);
    return tf.tidy(() => {
      const renamed = tf.engine().makeTensorFromTensorInfo(shipped!(call) as tf.TensorInfo);
      return tf.mul(renamed, 1);
    });
  });

  // Shipped: its program compiles for float32 only, but for the plain transpose of a matrix.
  replaceKernel("webgpu", "Transpose", (shipped) => (call) => {
    const { x } = call.inputs as { x: tf.Tensor };
    if (!isIntegral(x) || x.shape.length < 3) return shipped!(call);
    return tf.tidy(() =>
      tf.cast(tf.transpose(tf.cast(x, "float32"), (call.attrs as { perm: number[] }).perm), x.dtype),
    );
  });
  // They transpose too, past the registry.
  for (const kernel of ["All", "Any", "Max", "Min", "Prod", "Sum"])
    replaceKernel("webgpu", kernel, (shipped) => (call) => {
      const { x } = call.inputs as { x: tf.Tensor };
      return isIntegral(x) ? reduceInnermost(kernel, x, call, shipped!) : shipped!(call);
    });

  // Shipped: adds the bits of integers as if they were float32.
  replaceKernel("webgpu", "UnsortedSegmentSum", (shipped) => (call) => {
    const { x, segmentIds } = call.inputs as { x: tf.Tensor; segmentIds: tf.Tensor1D };
    if (!isIntegral(x)) return shipped!(call);
    const { numSegments } = call.attrs as { numSegments: number };
    return tf.tidy(() => tf.cast(tf.unsortedSegmentSum(tf.cast(x, "float32"), segmentIds, numSegments), "int32"));
  });
}

const isIntegral = ({ dtype }: tf.Tensor): boolean => dtype === "int32" || dtype === "bool";

function reduceInnermost(
  kernel: string,
  x: tf.Tensor,
  call: Parameters<tf.KernelFunc>[0],
  shipped: tf.KernelFunc,
): ReturnType<tf.KernelFunc> {
  const { keepDims, ...axisAttribute } = call.attrs as { keepDims: boolean } & Record<string, number | number[]>;
  // "axis", or "reductionIndices" of the maximum.
  const [name, axis] = Object.entries(axisAttribute)[0]!;
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const order = tf.backend_util.getAxesPermutation(axes, x.rank);
  if (order === null) return shipped(call);
  const [kept] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
  const innermost = tf.backend_util.getInnerMostAxes(axes.length, x.rank);
  return tf.tidy(() => {
    const result = tf
      .engine()
      .runKernel<tf.Tensor>(kernel, { x: tf.transpose(x, order) }, { [name]: innermost, keepDims: false });
    return tf.reshape(result, keepDims ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept);
  });
}
