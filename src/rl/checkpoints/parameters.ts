/** Our parameters out of and into any checkpoint, one at a time: no more is in memory than the one under way. */
import { TrainerError } from "../../core/errors.ts";
import type { Parameter, StoredTensor } from "./parameter-layout.ts";
import { elementsOf, type NamedTensor, type TensorSink, type TensorSource } from "./tensors.ts";

/** What tells one format from another. */
export interface StoredForm {
  nameOf(tensor: StoredTensor): string;
  /** Where the file keeps row `row` of a matrix [outputs, inputs]. Default: in its place. */
  storedRow?(tensor: StoredTensor, row: number): number;
}

/** Elements of a stored tensor that are moved at a time. */
const sliceElements = 2 ** 20;

/**
 * Says so before anything is read: every tensor is there, in its shape, and no other but what `ignored` names.
 * @throws TrainerError ERR_WEIGHTS_MISMATCH that names tensor, expected and found shape.
 */
export function checkTensors(
  source: TensorSource,
  layout: readonly Parameter[],
  form: StoredForm,
  ignored: (name: string) => boolean = () => false,
): void {
  const fail = (why: string): never => {
    throw new TrainerError(`${source.path} does not fit its config: ${why}`, { code: "ERR_WEIGHTS_MISMATCH" });
  };
  const expected = new Set<string>();
  for (const tensor of layout.flatMap(({ tensors }) => tensors)) {
    const name = form.nameOf(tensor);
    expected.add(name);
    const found = source.tensors.get(name);
    if (found === undefined) fail(`"${name}" is missing; expected [${tensor.shape.join(",")}]`);
    else if (found.shape.join() !== tensor.shape.join())
      fail(`"${name}" is [${found.shape.join(",")}], expected [${tensor.shape.join(",")}]`);
  }
  for (const { name, shape } of source.tensors.values())
    if (!expected.has(name) && !ignored(name)) fail(`"${name}" [${shape.join(",")}] has no place in this architecture`);
}

/** In the order of `layout`. @throws as `TensorSource.readInto`. */
export async function* readLayout(
  source: TensorSource,
  layout: readonly Parameter[],
  form: StoredForm,
): AsyncGenerator<NamedTensor> {
  for (const { name, shape, transposed, tensors } of layout) {
    const data = new Float32Array(elementsOf(shape)!);
    for (const tensor of tensors) {
      const from = form.nameOf(tensor);
      if (!transposed) await source.readInto(from, 0, data);
      else
        for (const { columns, inputs, first } of rowSlices(tensor, form)) {
          const rows = new Float32Array(columns.length * inputs);
          await source.readInto(from, first * inputs, rows);
          rowsToColumns(rows, columns, data, shape[1]!);
        }
    }
    yield { name, shape, data };
  }
}

/**
 * Parameters come in any order.
 * @throws TrainerError ERR_WEIGHTS_MISMATCH when one is unknown, misshapen, doubled or left out.
 */
export async function writeLayout(
  sink: TensorSink,
  layout: readonly Parameter[],
  form: StoredForm,
  parameters: AsyncIterable<NamedTensor> | Iterable<NamedTensor>,
): Promise<void> {
  const fail = (why: string): never => {
    throw new TrainerError(`weights do not fit the model: ${why}`, { code: "ERR_WEIGHTS_MISMATCH" });
  };
  const waiting = new Map(layout.map((parameter) => [parameter.name, parameter]));
  for await (const { name, shape, data } of parameters) {
    const parameter = waiting.get(name) ?? fail(`"${name}" is unknown, or comes twice`);
    if (shape.join() !== parameter.shape.join() || data.length !== elementsOf(parameter.shape))
      fail(`"${name}" is [${shape.join(",")}], expected [${parameter.shape.join(",")}]`);
    waiting.delete(name);
    for (const tensor of parameter.tensors) {
      const to = form.nameOf(tensor);
      if (!parameter.transposed) await sink.write(to, 0, data);
      else
        for (const { columns, inputs, first } of rowSlices(tensor, form))
          await sink.write(to, first * inputs, columnsToRows(data, shape[1]!, columns, inputs));
    }
  }
  const [missing] = waiting.keys();
  if (missing !== undefined) fail(`"${missing}" is missing`);
}

interface RowSlice {
  /** First row, as stored. */
  readonly first: number;
  readonly inputs: number;
  /** Column of ours for each row. */
  readonly columns: Int32Array;
}

function* rowSlices(tensor: StoredTensor, form: StoredForm): Generator<RowSlice> {
  const [outputs, inputs] = tensor.shape as readonly [number, number];
  const columns = new Int32Array(outputs);
  for (let row = 0; row < outputs; row++) columns[form.storedRow?.(tensor, row) ?? row] = tensor.column + row;
  const step = Math.max(1, Math.floor(sliceElements / inputs));
  for (let first = 0; first < outputs; first += step)
    yield { first, inputs, columns: columns.subarray(first, first + step) };
}

/** Rows that are moved together, so that a cache line of either side is used whole. */
const tile = 16;

function rowsToColumns(rows: Float32Array, columns: Int32Array, into: Float32Array, width: number): void {
  const inputs = rows.length / columns.length;
  for (let start = 0; start < columns.length; start += tile) {
    const end = Math.min(start + tile, columns.length);
    for (let i = 0; i < inputs; i++)
      for (let row = start; row < end; row++) into[i * width + columns[row]!] = rows[row * inputs + i]!;
  }
}

function columnsToRows(from: Float32Array, width: number, columns: Int32Array, inputs: number): Float32Array {
  const rows = new Float32Array(columns.length * inputs);
  for (let start = 0; start < columns.length; start += tile) {
    const end = Math.min(start + tile, columns.length);
    for (let i = 0; i < inputs; i++)
      for (let row = start; row < end; row++) rows[row * inputs + i] = from[i * width + columns[row]!]!;
  }
  return rows;
}
