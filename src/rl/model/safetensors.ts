/**
 * The safetensors format, float32 only: 8 bytes of header length (little endian), a JSON header, then the data.
 * Format: https://huggingface.co/docs/safetensors. Files made here load in every library that reads it.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { messageOf, TrainerError } from "../../core/errors.ts";
import type { WeightSet } from "./contract.ts";

const maxHeaderBytes = 16 * 1024 * 1024;
const headerSchema = z.record(
  z.string(),
  z.object({
    dtype: z.literal("F32"),
    shape: z.array(z.int().nonnegative()),
    data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  }),
);

export function encodeSafetensors(weights: WeightSet): Uint8Array {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(weights)) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  // Readers map the data in place, so it starts at a multiple of 8.
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const bytes = new Uint8Array(8 + text.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  offset = 8 + text.length;
  for (const { data } of Object.values(weights)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/** @throws TrainerError ERR_WEIGHTS_CORRUPT when the bytes are not such a file. */
export function decodeSafetensors(bytes: Uint8Array): WeightSet {
  const corrupt = (why: string) => new TrainerError(`not a safetensors file: ${why}`, { code: "ERR_WEIGHTS_CORRUPT" });
  if (bytes.length < 8) throw corrupt("shorter than its header");
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > maxHeaderBytes || 8 + length > bytes.length) throw corrupt(`header of ${length} bytes`);
  let header: z.infer<typeof headerSchema>;
  try {
    const text: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    if (typeof text !== "object" || text === null || Array.isArray(text)) throw new Error("is not an object");
    const { __metadata__: _, ...entries } = text as Record<string, unknown>;
    header = headerSchema.parse(entries);
  } catch (error) {
    throw corrupt(`header: ${messageOf(error)}`);
  }
  const data = bytes.subarray(8 + length);
  const weights: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const [name, { shape, data_offsets }] of Object.entries(header)) {
    const [from, to] = data_offsets;
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (to > data.length || to - from !== size * 4) throw corrupt(`"${name}" does not fill its shape`);
    weights[name] = { shape, data: new Float32Array(new Uint8Array(data.subarray(from, to)).buffer) };
  }
  return weights;
}

/** Complete or absent: written beside its place and renamed. */
export async function writeSafetensors(path: string, weights: WeightSet): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, encodeSafetensors(weights));
  await rename(temporary, path);
}

/** @throws TrainerError ERR_WEIGHTS_MISSING, ERR_WEIGHTS_CORRUPT */
export async function readSafetensors(path: string): Promise<WeightSet> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new TrainerError(`cannot read weights: ${messageOf(error)}`, { code: "ERR_WEIGHTS_MISSING", cause: error });
  }
  return decodeSafetensors(bytes);
}
