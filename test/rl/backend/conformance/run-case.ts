/** Runs a case on the current backend. */
import { createRandom } from "../../../../src/core/random.ts";
import { tf } from "../../../../src/rl/backend/tf.ts";
import type { Case, Input } from "./case.ts";

export interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

/** How a kernel comes by an input: memory of its own, or the result of another kernel, perhaps a view of more. */
type Route = "fresh" | "transposed" | "sliced" | "reshaped";
const derived: readonly Route[] = ["transposed", "sliced", "reshaped"];

/** Outputs on fresh inputs, then outputs and gradients on inputs that come from other kernels. */
export async function runCase(kernel: string, one: Case): Promise<Result[]> {
  const id = `${kernel}: ${one.name}`;
  const calls = countCalls(kernel);
  const held = tf.engine().backend.numDataIds();
  try {
    const tensors = tf.tidy(() => [...outputs(one, make(one, id, false)), ...outputsAndGradients(one, id)]);
    const results = await Promise.all(tensors.map(read));
    tf.dispose(tensors);
    if (calls.count === 0) throw new Error(`the case does not reach ${kernel}`);
    const left = tf.engine().backend.numDataIds() - held;
    if (left !== 0) throw new Error(`${left} tensors are left over`);
    return results;
  } finally {
    calls.stop();
  }
}

const outputs = ({ operation }: Case, inputs: readonly tf.Tensor[]): tf.Tensor[] => [operation(...inputs)].flat();

function outputsAndGradients(one: Case, id: string): tf.Tensor[] {
  const inputs = make(one, id, true);
  const plain = outputs(one, inputs);
  const differentiable = inputs.flatMap(({ dtype }, i) => (dtype === "float32" ? [i] : []));
  if (one.gradient === false || differentiable.length === 0 || plain.every(({ dtype }) => dtype !== "float32"))
    return plain;
  const weights = plain.map(({ shape, size }, o) => {
    const random = createRandom(`${id}/weight ${o}`);
    return tf.tensor(
      Float32Array.from({ length: size }, () => 2 * random.next() - 1),
      shape,
    );
  });
  // Every output element counts differently, so that a gradient at the wrong place shows.
  const scalar = (...chosen: tf.Tensor[]): tf.Tensor => {
    const all = inputs.map((input, i) => chosen[differentiable.indexOf(i)] ?? input);
    const terms = outputs(one, all).map((output, o) => tf.sum(tf.mul(output, weights[o]!)));
    return tf.addN(terms as tf.Scalar[]);
  };
  return [...plain, ...tf.grads(scalar)(differentiable.map((i) => inputs[i]!))];
}

function make(one: Case, id: string, fromKernels: boolean): tf.Tensor[] {
  return one.inputs.map((input, i) => {
    const values = input.values(createRandom(`${id}/input ${i}`));
    const route = fromKernels ? createRandom(`${id}/route ${i}`).pick(derived) : "fresh";
    return bring(input, values, route);
  });
}

function bring({ shape, dtype }: Input, values: readonly number[], route: Route): tf.Tensor {
  const tensor = (values: readonly number[], shape: readonly number[]) =>
    tf.tensor(typed(values, dtype), [...shape], dtype);
  if (route === "reshaped" || (route === "transposed" && shape.length < 2) || shape.length === 0)
    return route === "fresh" ? tensor(values, shape) : tf.reshape(tensor(values, [values.length]), [...shape]);
  if (route === "transposed") {
    const reversed = [...shape].reverse();
    return tf.transpose(
      tensor(reverseAxes(values, shape), reversed),
      reversed.map((_, axis) => shape.length - 1 - axis),
    );
  }
  if (route === "sliced") {
    const [rows, ...rest] = shape as [number, ...number[]];
    const row = rest.reduce((product, dimension) => product * dimension, 1);
    const rubbish = Array.from({ length: row }, () => 1);
    const more = tensor([...rubbish, ...values, ...rubbish], [rows + 2, ...rest]);
    return tf.slice(more, [1, ...rest.map(() => 0)], [...shape]);
  }
  return tensor(values, shape);
}

function typed(values: readonly number[], dtype: Input["dtype"]): Float32Array | Int32Array | Uint8Array {
  if (dtype === "float32") return Float32Array.from(values);
  return dtype === "int32" ? Int32Array.from(values) : Uint8Array.from(values);
}

/** The same elements with the order of the axes reversed. */
function reverseAxes(values: readonly number[], shape: readonly number[]): number[] {
  const result = Array.from({ length: values.length }, () => 0);
  values.forEach((value, flat) => {
    let rest = flat;
    let at = 0;
    let stride = values.length;
    // Last axis first: in the result it is the slowest.
    for (const dimension of [...shape].reverse()) {
      stride /= dimension;
      at += (rest % dimension) * stride;
      rest = Math.floor(rest / dimension);
    }
    result[at] = value;
  });
  return result;
}

async function read(tensor: tf.Tensor): Promise<Result> {
  return { shape: tensor.shape, dtype: tensor.dtype, values: Array.from(await tensor.data()) };
}

/** Whether the current backend's kernel runs: an operation may be made of others than one thinks. */
function countCalls(kernel: string): { readonly count: number; stop(): void } {
  // The registry hands out its own record, typed as readonly.
  const record = tf.getKernel(kernel, tf.getBackend()) as { kernelFunc: tf.KernelFunc };
  const { kernelFunc } = record;
  let count = 0;
  record.kernelFunc = (call) => {
    count++;
    return kernelFunc(call);
  };
  return {
    get count() {
      return count;
    },
    stop: () => (record.kernelFunc = kernelFunc),
  };
}

/** Where `actual` departs from `expected`, or null. */
export function difference(actual: readonly Result[], expected: readonly Result[], tolerance: number): string | null {
  if (actual.length !== expected.length) return `${actual.length} results for ${expected.length}`;
  for (const [index, { shape, dtype, values }] of actual.entries()) {
    const wanted = expected[index]!;
    if (shape.join() !== wanted.shape.join())
      return `result ${index}: shape [${shape.join()}] for [${wanted.shape.join()}]`;
    if (dtype !== wanted.dtype) return `result ${index}: ${dtype} for ${wanted.dtype}`;
    const at = values.findIndex((value, i) => !near(value, wanted.values[i]!, tolerance));
    if (at >= 0) return `result ${index}[${at}]: ${values[at]} for ${wanted.values[at]}`;
  }
  return null;
}

function near(a: number, b: number, tolerance: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}
