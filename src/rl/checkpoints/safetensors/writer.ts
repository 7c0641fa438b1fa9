/** One safetensors file, written by range: readable by every library that knows the format. */
import { FileSink } from "../file-sink.ts";
import { bytesPerFloat, encodeFloats, greatestFloats, type FloatType } from "../float-types.ts";
import type { TensorSink } from "../tensors.ts";
import { encodeHeader } from "./header.ts";

export interface PlannedTensor {
  readonly name: string;
  readonly type: FloatType;
  readonly shape: readonly number[];
}

export function createSafetensors(
  path: string,
  tensors: readonly PlannedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<TensorSink> {
  const { bytes, entries } = encodeHeader(tensors, metadata);
  const places = tensors.map(({ name, type, shape }) => ({
    name,
    shape,
    position: entries.get(name)!.from,
    blockElements: 1,
    blockBytes: bytesPerFloat(type),
    encode: (values: Float32Array) => encodeFloats(type, values),
    greatest: greatestFloats[type],
  }));
  return FileSink.create(path, bytes, places);
}
