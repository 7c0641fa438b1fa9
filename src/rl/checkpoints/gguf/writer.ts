/** One GGUF file, written by range. */
import { FileSink } from "../file-sink.ts";
import { elementsOf, type TensorSink } from "../tensors.ts";
import { GgufBytes, type TypedValue } from "./metadata.ts";
import { tensorType, type GgufFloatType } from "./tensor-types.ts";

export interface PlannedGgufTensor {
  readonly name: string;
  readonly type: GgufFloatType;
  /** Outermost first. Rows of "Q8_0" are multiples of 32. */
  readonly shape: readonly number[];
}

/** The format's default. */
const alignment = 32;

export function createGguf(
  path: string,
  metadata: ReadonlyMap<string, TypedValue>,
  tensors: readonly PlannedGgufTensor[],
): Promise<TensorSink> {
  const head = new GgufBytes().u32(0x46554747).u32(3).u64(tensors.length).u64(metadata.size);
  for (const [key, value] of metadata) head.string(key).value(value);
  const offsets: number[] = [];
  let offset = 0;
  for (const { name, type, shape } of tensors) {
    const { id, blockElements, blockBytes } = tensorType(type);
    head.string(name).u32(shape.length);
    for (const size of shape.toReversed()) head.u64(size);
    head.u32(id).u64(offset);
    offsets.push(offset);
    const bytes = (elementsOf(shape)! / blockElements) * blockBytes;
    offset += Math.ceil(bytes / alignment) * alignment;
  }
  head.padTo(alignment);
  const places = tensors.map(({ name, type, shape }, i) => {
    const { blockElements, blockBytes, encode, greatest } = tensorType(type);
    return { name, shape, position: head.length + offsets[i]!, blockElements, blockBytes, encode, greatest };
  });
  return FileSink.create(path, head.bytes(), places, head.length + offset);
}
