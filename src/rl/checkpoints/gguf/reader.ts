/** One GGUF file: metadata at once, tensors by range. */
import { TrainerError } from "../../../core/errors.ts";
import { bytesOf } from "../float-types.ts";
import { RandomAccessFile } from "../random-access-file.ts";
import { elementsOf, tensorOf, type TensorInfo, type TensorSource } from "../tensors.ts";
import { GgufCursor, type GgufMetadata, type GgufValue } from "./metadata.ts";
import { tensorTypes, type GgufTensorType } from "./tensor-types.ts";

interface GgufTensor extends TensorInfo {
  /** Null for one that we do not know. */
  readonly storage: GgufTensorType | null;
  /** Bytes from the start of the file. */
  readonly from: number;
}

const magic = 0x46554747;
const version = 3;
const defaultAlignment = 32;
const limits = { keys: 2 ** 16, tensors: 2 ** 20, dimensions: 4 } as const;
/** Elements converted at a time: a multiple of every block. */
const sliceElements = 2 ** 20;

export class GgufFile implements TensorSource {
  readonly path: string;
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly #file: RandomAccessFile;

  private constructor(file: RandomAccessFile, metadata: GgufMetadata, tensors: ReadonlyMap<string, GgufTensor>) {
    this.#file = file;
    this.path = file.path;
    this.metadata = metadata;
    this.tensors = tensors;
  }

  /** @throws TrainerError ERR_WEIGHTS_MISSING, ERR_WEIGHTS_CORRUPT */
  static async open(path: string): Promise<GgufFile> {
    const file = await RandomAccessFile.open(path, "read");
    try {
      const cursor = new GgufCursor(file);
      const { tensorCount, metadata } = await readHead(cursor);
      return new GgufFile(file, metadata, await readTensors(cursor, tensorCount, metadata, file.size));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async readInto(name: string, from: number, into: Float32Array): Promise<void> {
    const { storage, type, shape, from: start } = tensorOf(this, name) as GgufTensor;
    if (storage === null)
      throw new TrainerError(
        `"${name}" in ${this.path} is of ggml's ${type}; supported are ${tensorTypes.map((known) => known.name).join(", ")}`,
        { code: "ERR_CHECKPOINT_UNSUPPORTED" },
      );
    const { blockElements, blockBytes, decode } = storage;
    if (from + into.length > elementsOf(shape)! || from % blockElements !== 0 || into.length % blockElements !== 0)
      throw new RangeError(`"${name}" has no elements ${from} to ${from + into.length}`);
    if (storage.name === "F32") return this.#file.read(start + from * 4, bytesOf(into));
    const bytes = new Uint8Array((Math.min(into.length, sliceElements) / blockElements) * blockBytes);
    for (let done = 0; done < into.length; done += sliceElements) {
      const slice = into.subarray(done, done + sliceElements);
      const part = bytes.subarray(0, (slice.length / blockElements) * blockBytes);
      await this.#file.read(start + ((from + done) / blockElements) * blockBytes, part);
      decode(part, slice);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }
}

async function readHead(cursor: GgufCursor): Promise<{ tensorCount: number; metadata: GgufMetadata }> {
  if ((await cursor.u32()) !== magic) throw cursor.corrupt("it does not begin with GGUF");
  const found = await cursor.u32();
  if (found !== version) throw cursor.corrupt(`version ${found}; supported is ${version}, little endian`);
  const tensorCount = await cursor.u64();
  const keyCount = await cursor.u64();
  if (tensorCount > limits.tensors || keyCount > limits.keys)
    throw cursor.corrupt(`${tensorCount} tensors, ${keyCount} keys`);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = await cursor.string();
    if (metadata.has(key)) throw cursor.corrupt(`key "${key}" twice`);
    metadata.set(key, await cursor.value(await cursor.u32()));
  }
  return { tensorCount, metadata };
}

async function readTensors(
  cursor: GgufCursor,
  count: number,
  metadata: GgufMetadata,
  fileSize: number,
): Promise<Map<string, GgufTensor>> {
  const alignment = metadata.get("general.alignment") ?? defaultAlignment;
  if (typeof alignment !== "number" || alignment < 8 || alignment > 2 ** 20 || alignment % 8 !== 0)
    throw cursor.corrupt(`alignment ${String(alignment)}`);
  const tensors = new Map<string, GgufTensor>();
  for (let i = 0; i < count; i++) {
    const name = await cursor.string();
    if (tensors.has(name)) throw cursor.corrupt(`tensor "${name}" twice`);
    const dimensions = await cursor.u32();
    if (dimensions > limits.dimensions) throw cursor.corrupt(`"${name}" has ${dimensions} dimensions`);
    const shape: number[] = [];
    // Innermost first, in the file.
    for (let d = 0; d < dimensions; d++) shape.unshift(await cursor.u64());
    const type = await cursor.u32();
    const storage = tensorTypes.find(({ id }) => id === type) ?? null;
    tensors.set(name, { name, shape, type: storage?.name ?? `type ${type}`, storage, from: await cursor.u64() });
  }
  const start = Math.ceil(cursor.position / alignment) * alignment;
  for (const [name, tensor] of tensors) tensors.set(name, { ...tensor, from: start + tensor.from });
  checkPlaces(cursor, [...tensors.values()], alignment, fileSize);
  return tensors;
}

/** Every tensor lies within the file, and in no other. */
function checkPlaces(cursor: GgufCursor, tensors: readonly GgufTensor[], alignment: number, fileSize: number): void {
  let end = 0;
  let before = "the header";
  for (const { name, shape, storage, from } of [...tensors].sort((a, b) => a.from - b.from)) {
    if (from % alignment !== 0) throw cursor.corrupt(`"${name}" is not aligned to ${alignment} bytes`);
    if (from < end) throw cursor.corrupt(`"${name}" overlaps ${before}`);
    const elements = elementsOf(shape);
    if (elements === null || from > fileSize) throw cursor.corrupt(`"${name}" is too large`);
    const { blockElements, blockBytes } = storage ?? { blockElements: 1, blockBytes: 0 };
    if ((shape.at(-1) ?? 1) % blockElements !== 0)
      throw cursor.corrupt(`"${name}" [${shape.join(",")}] has rows of no whole blocks of ${blockElements}`);
    end = from + (elements / blockElements) * blockBytes;
    before = `"${name}"`;
    if (end > fileSize) throw cursor.corrupt(`"${name}" ends at byte ${end}, the file at ${fileSize}`);
  }
}
