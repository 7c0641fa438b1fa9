/**
 * A file of tensors in the making: complete or absent. Written beside its place and renamed once every element of every
 * tensor has come.
 */
import { rename, rm } from "node:fs/promises";
import { TrainerError } from "../../core/errors.ts";
import { RandomAccessFile } from "./random-access-file.ts";
import { elementsOf, type TensorSink } from "./tensors.ts";

/** Where a tensor goes, and how its values become bytes. */
export interface TensorPlace {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly position: number;
  /** Elements that are encoded together; `write` takes multiples of it. */
  readonly blockElements: number;
  readonly blockBytes: number;
  readonly encode: (values: Float32Array) => Uint8Array;
  /** Largest magnitude that does not become infinite. */
  readonly greatest: number;
}

/** Elements encoded at a time: a multiple of every block. */
const sliceElements = 2 ** 20;

export class FileSink implements TensorSink {
  readonly #file: RandomAccessFile;
  readonly #path: string;
  readonly #places: ReadonlyMap<string, TensorPlace>;
  /** Elements that are still to come, by tensor. */
  readonly #missing = new Map<string, number>();
  #state: "open" | "closed" = "open";

  private constructor(file: RandomAccessFile, path: string, places: readonly TensorPlace[]) {
    this.#file = file;
    this.#path = path;
    this.#places = new Map(places.map((place) => [place.name, place]));
    for (const { name, shape } of places) this.#missing.set(name, elementsOf(shape)!);
  }

  /**
   * @param head written first, at the file's start.
   * @param size of the whole file, where it ends later than its last tensor. Default: where that ends.
   */
  static async create(
    path: string,
    head: Uint8Array,
    places: readonly TensorPlace[],
    size?: number,
  ): Promise<FileSink> {
    const file = await RandomAccessFile.open(`${path}.${process.pid}.tmp`, "create");
    const sink = new FileSink(file, path, places);
    try {
      await file.write(0, head);
      if (size !== undefined) await file.resize(size);
    } catch (error) {
      await sink[Symbol.asyncDispose]();
      throw error;
    }
    return sink;
  }

  async write(name: string, from: number, values: Float32Array): Promise<void> {
    const place = this.#places.get(name);
    if (place === undefined) throw new RangeError(`no tensor "${name}" was planned`);
    const { position, blockElements, blockBytes, encode, greatest } = place;
    const size = elementsOf(place.shape)!;
    if (from + values.length > size || from % blockElements !== 0 || values.length % blockElements !== 0)
      throw new RangeError(`"${name}" takes no elements ${from} to ${from + values.length}: it has ${size}`);
    for (let done = 0; done < values.length; done += sliceElements) {
      const slice = values.subarray(done, done + sliceElements);
      for (const value of slice) if (!(Math.abs(value) <= greatest)) throw this.#beyond(name, value);
      const bytes = encode(slice);
      await this.#file.write(position + ((from + done) / blockElements) * blockBytes, bytes);
    }
    this.#missing.set(name, this.#missing.get(name)! - values.length);
  }

  #beyond(name: string, value: number): TrainerError {
    const why = Number.isFinite(value)
      ? "which its type cannot hold; write a wider one (F32, BF16)"
      : "which is no weight";
    return new TrainerError(`${this.#path}: "${name}" holds ${value}, ${why}`, { code: "ERR_WEIGHTS_NOT_FINITE" });
  }

  async commit(): Promise<void> {
    for (const [name, missing] of this.#missing)
      if (missing !== 0)
        throw new TrainerError(`${this.#path}: ${missing} elements of "${name}" were not written`, {
          code: "ERR_WEIGHTS_MISMATCH",
        });
    this.#state = "closed";
    await this.#file.close();
    await rename(this.#file.path, this.#path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    await this.#file.close();
    await rm(this.#file.path, { force: true });
  }
}
