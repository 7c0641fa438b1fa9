/**
 * Tensors of TensorFlow.js as tensors of libtorch.
 *
 * A data id stands for one native handle. Reshapes, slices, transposes and splits are views there: they share memory
 * and copy nothing, which is safe because no operation changes its inputs (but AdamW, which asks who else holds them).
 */
import { tf } from "../tf.ts";
import type { TorchAddon } from "./addon.ts";

interface Entry {
  readonly handle: number;
  references: number;
  /** Came from another backend, where tensors of several shapes may share one data id. */
  readonly moved: boolean;
}

const dtypes = ["float32", "int32", "bool"] as const;
const outputInts = 11;

export class TorchBackend extends tf.KernelBackend {
  readonly #addon: TorchAddon;
  readonly #entries: tf.DataStorage<Entry>;
  readonly #indices: ReadonlyMap<string, number>;

  constructor(addon: TorchAddon) {
    super();
    this.#addon = addon;
    this.#entries = new tf.DataStorage(this, tf.engine());
    this.#indices = new Map(addon.operations.map((name, index) => [name, index]));
  }

  /** Runs a native operation; `attributes` in the order that its table in native/torch states. */
  run(name: string, inputs: readonly tf.TensorInfo[], attributes: readonly number[] = []): tf.TensorInfo[] {
    const addon = this.#addon;
    const operation = this.#indices.get(name);
    if (operation === undefined) throw new Error(`the torch addon has no operation ${name}: build it anew`);
    if (inputs.length > addon.inputs.length || attributes.length > addon.attributes.length)
      throw new RangeError(`${name} of ${inputs.length} tensors with ${attributes.length} attributes: too many`);
    const handles = inputs.map((input) => this.#handle(input));
    addon.inputs.set(handles);
    addon.attributes.set(attributes);
    try {
      const count = addon.run(operation, inputs.length, attributes.length);
      return Array.from({ length: count }, (_, i) => this.#result(i * outputInts));
    } finally {
      inputs.forEach((input, i) => {
        if (handles[i] !== this.#entries.get(input.dataId).handle) addon.dispose(handles[i]!);
      });
    }
  }

  #handle({ dataId, shape }: tf.TensorInfo): number {
    const { handle, moved } = this.#entries.get(dataId);
    if (!moved) return handle;
    const addon = this.#addon;
    addon.inputs[0] = handle;
    addon.attributes.set(shape);
    addon.run(this.#indices.get("Reshape")!, 1, shape.length);
    return addon.reply[0]!;
  }

  /** The one result of an operation that has one. */
  one(name: string, inputs: readonly tf.TensorInfo[], attributes: readonly number[] = []): tf.TensorInfo {
    return this.run(name, inputs, attributes)[0]!;
  }

  #result(at: number): tf.TensorInfo {
    const { reply } = this.#addon;
    const dtype = dtypes[reply[at + 1]!]!;
    const rank = reply[at + 2]!;
    const dataId = this.#keep({ handle: reply[at]!, references: 1, moved: false });
    return { dataId, dtype, shape: Array.from(reply.subarray(at + 3, at + 3 + rank)) };
  }

  #keep(entry: Entry): tf.DataId {
    const dataId = {};
    this.#entries.set(dataId, entry);
    return dataId;
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    return this.#keep({ handle: this.#upload(values, shape, dtype), references: 1, moved: false });
  }

  override move(
    dataId: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    this.#entries.set(dataId, { handle: this.#upload(values, shape, dtype), references, moved: true });
  }

  #upload(values: tf.BackendValues, shape: readonly number[], dtype: tf.DataType): number {
    const code = dtypes.indexOf(dtype as "float32");
    if (code < 0) throw new TypeError(`the torch backend holds float32, int32 and bool, not ${dtype}`);
    if (shape.length > 8) throw new RangeError(`a tensor of ${shape.length} axes; the torch backend holds 8`);
    this.#addon.attributes.set(shape);
    return this.#addon.upload(typed(values, dtype), code, shape.length);
  }

  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    return this.#addon.download(this.#entries.get(dataId).handle);
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.#entries.has(dataId)) return true;
    const entry = this.#entries.get(dataId);
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.#addon.dispose(entry.handle);
    this.#entries.delete(dataId);
    return true;
  }

  override incRef(dataId: tf.DataId): void {
    this.#entries.get(dataId).references++;
  }

  decRef(dataId: tf.DataId): void {
    if (this.#entries.has(dataId)) this.#entries.get(dataId).references--;
  }

  override refCount(dataId: tf.DataId): number {
    return this.#entries.has(dataId) ? this.#entries.get(dataId).references : 0;
  }

  override numDataIds(): number {
    return this.#entries.numDataIds();
  }

  /** What the native side holds: tensors, and the bytes of their storages, each counted once. */
  native(): { readonly tensors: number; readonly bytes: number } {
    return this.#addon.memory();
  }

  /** For tf.time and tf.profile. Operations on a CPU have ended when they return. */
  override async time(body: () => void): Promise<tf.BackendTimingInfo> {
    const startedMs = performance.now();
    body();
    return { kernelMs: performance.now() - startedMs };
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    // The process owns the addon; its tensors go with their data ids.
  }
}

function typed(values: tf.BackendValues, dtype: tf.DataType): Float32Array | Int32Array | Uint8Array {
  if (dtype === "float32") return values instanceof Float32Array ? values : Float32Array.from(values as Int32Array);
  if (dtype === "int32") return values instanceof Int32Array ? values : Int32Array.from(values as Float32Array);
  return values instanceof Uint8Array && !(values instanceof Uint8ClampedArray)
    ? values
    : Uint8Array.from(values as Float32Array);
}
