/**
 * The head of a safetensors file: 8 bytes of length (little endian), JSON, then the data.
 * Format: https://huggingface.co/docs/safetensors. Everything in it is hostile until it is checked here.
 */
import { z } from "zod";
import { messageOf, TrainerError } from "../../../core/errors.ts";
import { duplicateKey } from "../duplicate-keys.ts";
import type { RandomAccessFile } from "../random-access-file.ts";
import { elementsOf, type TensorInfo } from "../tensors.ts";

export interface SafetensorsEntry extends TensorInfo {
  /** Bytes from the start of the file. */
  readonly from: number;
  readonly to: number;
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format allows 100 MB; the largest models published need one. */
const maxHeaderBytes = 16 * 1024 * 1024;
const typesByWidth: readonly [number, string][] = [
  [1, "BOOL U8 I8 F8_E4M3 F8_E5M2"],
  [2, "U16 I16 F16 BF16"],
  [4, "U32 I32 F32"],
  [8, "U64 I64 F64"],
];
const bytesPerElement = new Map(
  typesByWidth.flatMap(([width, types]) => types.split(" ").map((type) => [type, width] as const)),
);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()).max(16),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const metadataSchema = z.record(z.string(), z.string());

/** @throws TrainerError ERR_WEIGHTS_CORRUPT */
export async function readHeader(file: RandomAccessFile): Promise<SafetensorsHeader> {
  const corrupt = (why: string) =>
    new TrainerError(`${file.path} is not a safetensors file: ${why}`, { code: "ERR_WEIGHTS_CORRUPT" });
  if (file.size < 8) throw corrupt("shorter than its header");
  const head = new Uint8Array(8);
  await file.read(0, head);
  const promised = new DataView(head.buffer).getBigUint64(0, true);
  if (promised > maxHeaderBytes || promised > file.size - 8)
    throw corrupt(`header of ${promised} bytes in a file of ${file.size}`);
  const length = Number(promised);
  const bytes = new Uint8Array(length);
  await file.read(8, bytes);
  const start = 8 + length;
  const parsed = parseJson(bytes, corrupt);
  const { __metadata__: metadata = {}, ...tensors } = parsed;
  const parsedMetadata = metadataSchema.safeParse(metadata);
  if (!parsedMetadata.success) throw corrupt("__metadata__ must hold strings");
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(tensors)) {
    const entry = entrySchema.safeParse(value);
    if (!entry.success) throw corrupt(`"${name}": ${z.prettifyError(entry.error)}`);
    const { dtype: type, shape, data_offsets } = entry.data;
    const [from, to] = data_offsets;
    const width = bytesPerElement.get(type);
    if (width === undefined)
      throw corrupt(`"${name}" is of unknown type ${type}; known are ${[...bytesPerElement.keys()].join(", ")}`);
    if (elementsOf([...shape, width]) !== to - from)
      throw corrupt(`"${name}" [${shape.join(",")}] of ${type} does not fill bytes ${from} to ${to}`);
    entries.set(name, { name, type, shape, from: start + from, to: start + to });
  }
  checkCoverage([...entries.values()], start, file.size, corrupt);
  return { entries, metadata: parsedMetadata.data };
}

/** Padded with spaces, so that the data starts at a multiple of 8: readers map it in place. */
export function encodeHeader(
  tensors: readonly { readonly name: string; readonly type: string; readonly shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
): { readonly bytes: Uint8Array; readonly entries: ReadonlyMap<string, SafetensorsEntry> } {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let offset = 0;
  const offsets = tensors.map(({ name, type, shape }) => {
    const from = offset;
    offset += elementsOf([...shape, bytesPerElement.get(type)!])!;
    header.push([name, { dtype: type, shape, data_offsets: [from, offset] }]);
    return { name, type, shape, from, to: offset };
  });
  const json = JSON.stringify(Object.fromEntries(header));
  const text = new TextEncoder().encode(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  const entries = offsets.map((entry): [string, SafetensorsEntry] => [
    entry.name,
    { ...entry, from: bytes.length + entry.from, to: bytes.length + entry.to },
  ]);
  return { bytes, entries: new Map(entries) };
}

function parseJson(bytes: Uint8Array, corrupt: (why: string) => TrainerError): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw corrupt(`header: ${messageOf(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw corrupt("header is not an object");
  const twice = duplicateKey(text);
  if (twice !== null) throw corrupt(`header has "${twice}" twice`);
  return value as Record<string, unknown>;
}

/** Tensors lie end to end and fill the file: nothing overlaps, and nothing hides between them. */
function checkCoverage(
  entries: readonly SafetensorsEntry[],
  start: number,
  end: number,
  corrupt: (why: string) => TrainerError,
): void {
  let position = start;
  for (const { name, from, to } of [...entries].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== position)
      throw corrupt(
        `"${name}" starts at byte ${from}, ${from < position ? "inside" : "after"} what ends at ${position}`,
      );
    position = to;
  }
  if (position !== end) throw corrupt(`its tensors end at byte ${position}, the file at ${end}`);
}
