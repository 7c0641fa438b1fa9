/**
 * GGUF's typed values and the bytes they are, little endian.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3).
 */
import { TrainerError } from "../../../core/errors.ts";
import type { RandomAccessFile } from "../random-access-file.ts";

export type GgufValue = number | boolean | string | readonly GgufValue[];
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** What we write; files hold more types than these. */
export type TypedValue =
  | { readonly type: "u32" | "f32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "i32s" | "f32s"; readonly value: readonly number[] };

const typeIds = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const arrayElements = { strings: "string", i32s: "i32", f32s: "f32" } as const;
/** By type id: bytes, and how to read them. Strings and arrays are read by their lengths. */
const scalars: Readonly<Record<number, readonly [bytes: number, read: (view: DataView) => GgufValue]>> = {
  0: [1, (view) => view.getUint8(0)],
  1: [1, (view) => view.getInt8(0)],
  2: [2, (view) => view.getUint16(0, true)],
  3: [2, (view) => view.getInt16(0, true)],
  4: [4, (view) => view.getUint32(0, true)],
  5: [4, (view) => view.getInt32(0, true)],
  6: [4, (view) => view.getFloat32(0, true)],
  7: [1, (view) => view.getUint8(0) !== 0],
  10: [8, (view) => Number(view.getBigUint64(0, true))],
  11: [8, (view) => Number(view.getBigInt64(0, true))],
  12: [8, (view) => view.getFloat64(0, true)],
};
/** The longest text is a chat template, the longest array a vocabulary's merges. */
const maxStringBytes = 2 ** 24;
const maxArrayElements = 2 ** 24;
const maxDepth = 4;

/** Reads a file from its start, a buffer at a time. @throws TrainerError ERR_WEIGHTS_CORRUPT at whatever does not fit. */
export class GgufCursor {
  readonly #file: RandomAccessFile;
  #buffer = new Uint8Array(0);
  /** Where the buffer begins in the file, and how much of it is read. */
  #start = 0;
  #read = 0;

  constructor(file: RandomAccessFile) {
    this.#file = file;
  }

  get position(): number {
    return this.#start + this.#read;
  }

  corrupt(why: string): TrainerError {
    return new TrainerError(`${this.#file.path} is not a GGUF file: ${why}`, { code: "ERR_WEIGHTS_CORRUPT" });
  }

  /** A view that holds until the next call. */
  async take(length: number): Promise<DataView> {
    if (this.position + length > this.#file.size) throw this.corrupt(`it ends inside of its header`);
    if (this.#read + length > this.#buffer.length) {
      this.#start = this.position;
      this.#read = 0;
      this.#buffer = new Uint8Array(Math.min(Math.max(length, 2 ** 20), this.#file.size - this.#start));
      await this.#file.read(this.#start, this.#buffer);
    }
    const view = new DataView(this.#buffer.buffer, this.#read, length);
    this.#read += length;
    return view;
  }

  async u32(): Promise<number> {
    return (await this.take(4)).getUint32(0, true);
  }

  async u64(): Promise<number> {
    return Number((await this.take(8)).getBigUint64(0, true));
  }

  async string(): Promise<string> {
    const length = await this.u64();
    if (length > maxStringBytes) throw this.corrupt(`text of ${length} bytes`);
    const { buffer, byteOffset } = await this.take(length);
    return decoder.decode(new Uint8Array(buffer, byteOffset, length));
  }

  async value(type: number, depth = 0): Promise<GgufValue> {
    if (type === typeIds.string) return this.string();
    if (type !== typeIds.array) {
      const [bytes, read] = this.#scalar(type);
      return read(await this.take(bytes));
    }
    const element = await this.u32();
    const count = await this.u64();
    if (depth >= maxDepth || count > maxArrayElements) throw this.corrupt(`array of ${count} elements`);
    const values: GgufValue[] = [];
    for (let i = 0; i < count; i++) values.push(await this.value(element, depth + 1));
    return values;
  }

  #scalar(type: number): readonly [number, (view: DataView) => GgufValue] {
    const scalar = scalars[type];
    if (scalar === undefined) throw this.corrupt(`unknown type ${type} of a value`);
    return scalar;
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Grows as it is written. */
export class GgufBytes {
  #bytes = new Uint8Array(2 ** 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Zeros up to a multiple of `alignment`. */
  padTo(alignment: number): this {
    this.#room((alignment - (this.#length % alignment)) % alignment);
    return this;
  }

  u32(value: number): this {
    this.#room(4).setUint32(0, value, true);
    return this;
  }

  u64(value: number): this {
    this.#room(8).setBigUint64(0, BigInt(value), true);
    return this;
  }

  string(value: string): this {
    const bytes = encoder.encode(value);
    this.u64(bytes.length);
    const at = this.#length;
    this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Type and value. */
  value(typed: TypedValue): this {
    switch (typed.type) {
      case "strings":
      case "i32s":
      case "f32s": {
        const element = arrayElements[typed.type];
        this.u32(typeIds.array).u32(typeIds[element]).u64(typed.value.length);
        for (const item of typed.value) this.#scalar(element, item);
        return this;
      }
      case "u32":
      case "f32":
      case "bool":
      case "string":
        return this.u32(typeIds[typed.type]).#scalar(typed.type, typed.value);
    }
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #scalar(type: "u32" | "i32" | "f32" | "bool" | "string", value: number | boolean | string): this {
    if (type === "string") return this.string(value as string);
    if (type === "bool") this.#room(1).setUint8(0, Number(value));
    else if (type === "u32") this.u32(value as number);
    else if (type === "i32") this.#room(4).setInt32(0, value as number, true);
    else this.#room(4).setFloat32(0, value as number, true);
    return this;
  }

  #room(length: number): DataView {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return new DataView(this.#bytes.buffer, at, length);
  }
}
