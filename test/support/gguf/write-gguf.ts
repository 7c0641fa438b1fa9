/** GGUF version 3 with F32 tensors: as little of the format as a test model needs. */
import { writeFile } from "node:fs/promises";

export type GgufValue =
  | { readonly u32: number }
  | { readonly f32: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly f32s: readonly number[] }
  | { readonly i32s: readonly number[] };

export interface GgufTensor {
  /** [rows, columns], or [length]: the last one is contiguous. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const alignment = 32;

export async function writeGguf(
  path: string,
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: Readonly<Record<string, GgufTensor>>,
): Promise<void> {
  const head = [Buffer.from("GGUF"), u32(3), u64(Object.keys(tensors).length), u64(Object.keys(metadata).length)];
  for (const [key, value] of Object.entries(metadata)) head.push(text(key), ...valueOf(value));
  const bodies: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    // The format counts dimensions from the contiguous one outwards; type 0 is F32.
    head.push(text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(0), u64(offset));
    const body = padded(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    bodies.push(body);
    offset += body.length;
  }
  await writeFile(path, Buffer.concat([padded(Buffer.concat(head)), ...bodies]));
}

function valueOf(value: GgufValue): Buffer[] {
  if ("u32" in value) return [u32(4), u32(value.u32)];
  if ("f32" in value) return [u32(6), f32(value.f32)];
  if ("bool" in value) return [u32(7), Buffer.from([Number(value.bool)])];
  if ("text" in value) return [u32(8), text(value.text)];
  if ("texts" in value) return [u32(9), u32(8), u64(value.texts.length), Buffer.concat(value.texts.map(text))];
  if ("f32s" in value) return [u32(9), u32(6), u64(value.f32s.length), Buffer.concat(value.f32s.map(f32))];
  return [u32(9), u32(5), u64(value.i32s.length), Buffer.concat(value.i32s.map(i32))];
}

function sized(bytes: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(bytes);
  write(buffer);
  return buffer;
}

const u32 = (value: number): Buffer => sized(4, (buffer) => buffer.writeUInt32LE(value));
const i32 = (value: number): Buffer => sized(4, (buffer) => buffer.writeInt32LE(value));
const f32 = (value: number): Buffer => sized(4, (buffer) => buffer.writeFloatLE(value));
const u64 = (value: number): Buffer => sized(8, (buffer) => buffer.writeBigUInt64LE(BigInt(value)));
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)]);
