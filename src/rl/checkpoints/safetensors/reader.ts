/** One safetensors file, read by range. */
import { TrainerError } from "../../../core/errors.ts";
import { bytesOf, bytesPerFloat, decodeFloats, floatTypes, isFloatType } from "../float-types.ts";
import { RandomAccessFile } from "../random-access-file.ts";
import { tensorOf, type TensorSource } from "../tensors.ts";
import { readHeader, type SafetensorsEntry, type SafetensorsHeader } from "./header.ts";

/** Elements converted at a time. */
const blockElements = 2 ** 20;

export class SafetensorsFile implements TensorSource {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #file: RandomAccessFile;

  private constructor(file: RandomAccessFile, { entries, metadata }: SafetensorsHeader) {
    this.#file = file;
    this.path = file.path;
    this.tensors = entries;
    this.metadata = metadata;
  }

  /** @throws TrainerError ERR_WEIGHTS_MISSING, ERR_WEIGHTS_CORRUPT */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await RandomAccessFile.open(path, "read");
    try {
      return new SafetensorsFile(file, await readHeader(file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async readInto(name: string, from: number, into: Float32Array): Promise<void> {
    const { type, from: start, to: end } = this.#entry(name);
    if (!isFloatType(type))
      throw new TrainerError(`"${name}" in ${this.path} is ${type}; supported are ${floatTypes.join(", ")}`, {
        code: "ERR_CHECKPOINT_UNSUPPORTED",
      });
    const width = bytesPerFloat(type);
    if (start + (from + into.length) * width > end) throw new RangeError(`"${name}" ends before element ${from}`);
    if (type === "F32") return this.#file.read(start + from * width, bytesOf(into));
    const bytes = new Uint8Array(Math.min(into.length, blockElements) * width);
    for (let done = 0; done < into.length; done += blockElements) {
      const block = into.subarray(done, done + blockElements);
      const part = bytes.subarray(0, block.length * width);
      await this.#file.read(start + (from + done) * width, part);
      decodeFloats(type, part, block);
    }
  }

  /** A whole tensor as it lies in the file, whatever its type. @throws TrainerError ERR_WEIGHTS_MISSING */
  async readBytes(name: string): Promise<Uint8Array> {
    const { from, to } = this.#entry(name);
    const bytes = new Uint8Array(to - from);
    await this.#file.read(from, bytes);
    return bytes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }

  #entry(name: string): SafetensorsEntry {
    return tensorOf(this, name) as SafetensorsEntry;
  }
}
