/**
 * How ggml stores numbers: plain floats, and blocks of 32 that share a scale. Layouts: block_q4_0, block_q4_1 and
 * block_q8_0 of ggml's ggml-common.h.
 */
import { bytesPerFloat, decodeFloats, encodeFloats, greatestFloats, type FloatType } from "../float-types.ts";

export interface GgufTensorType {
  readonly id: number;
  readonly name: string;
  readonly blockElements: number;
  readonly blockBytes: number;
  readonly decode: (bytes: Uint8Array, into: Float32Array) => void;
  /** Absent where we only read. */
  readonly encode?: (values: Float32Array) => Uint8Array;
  /** Where it is written: the largest magnitude that does not become infinite. */
  readonly greatest?: number;
}

export type GgufFloatType = FloatType | "Q8_0";

const block = 32;

function plain(id: number, name: FloatType): GgufTensorType {
  return {
    id,
    name,
    blockElements: 1,
    blockBytes: bytesPerFloat(name),
    decode: (bytes, into) => decodeFloats(name, bytes, into),
    encode: (values) => encodeFloats(name, values),
    greatest: greatestFloats[name],
  };
}

/** Scales, two bytes at `offset` of each block of `blockBytes`. */
function scalesOf(bytes: Uint8Array, blockBytes: number, offset: number): Float32Array {
  const count = bytes.length / blockBytes;
  const halves = new Uint8Array(2 * count);
  for (let b = 0; b < count; b++) {
    halves[2 * b] = bytes[b * blockBytes + offset]!;
    halves[2 * b + 1] = bytes[b * blockBytes + offset + 1]!;
  }
  const scales = new Float32Array(count);
  decodeFloats("F16", halves, scales);
  return scales;
}

/** Two numbers in a byte: the low halves are a block's first 16, the high halves its last. */
function decodeNibbles(bytes: Uint8Array, head: number, scales: Float32Array, least: Float32Array, into: Float32Array) {
  const half = block / 2;
  const blockBytes = head + half;
  for (let b = 0; b < scales.length; b++) {
    const scale = scales[b]!;
    const offset = least[b]!;
    for (let i = 0; i < half; i++) {
      const byte = bytes[b * blockBytes + head + i]!;
      into[b * block + i] = (byte & 15) * scale + offset;
      into[b * block + half + i] = (byte >>> 4) * scale + offset;
    }
  }
}

const q4_0: GgufTensorType = {
  id: 2,
  name: "Q4_0",
  blockElements: block,
  blockBytes: 18,
  decode(bytes, into) {
    const scales = scalesOf(bytes, 18, 0);
    const least = scales.map((scale) => -8 * scale);
    decodeNibbles(bytes, 2, scales, least, into);
  },
};

const q4_1: GgufTensorType = {
  id: 3,
  name: "Q4_1",
  blockElements: block,
  blockBytes: 20,
  decode: (bytes, into) => decodeNibbles(bytes, 4, scalesOf(bytes, 20, 0), scalesOf(bytes, 20, 2), into),
};

const q8_0: GgufTensorType = {
  id: 8,
  name: "Q8_0",
  blockElements: block,
  blockBytes: 34,
  decode(bytes, into) {
    const scales = scalesOf(bytes, 34, 0);
    const quants = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let b = 0; b < scales.length; b++) {
      const scale = scales[b]!;
      for (let i = 0; i < block; i++) into[b * block + i] = quants[b * 34 + 2 + i]! * scale;
    }
  },
  // Its scales are halves.
  greatest: 127 * greatestFloats.F16,
  encode(values) {
    const count = values.length / block;
    const steps = new Float32Array(count);
    const bytes = new Uint8Array(34 * count);
    const quants = new Int8Array(bytes.buffer);
    for (let b = 0; b < count; b++) {
      let largest = 0;
      for (let i = b * block; i < (b + 1) * block; i++) {
        const magnitude = Math.abs(values[i]!);
        if (magnitude > largest) largest = magnitude;
      }
      steps[b] = largest / 127;
      if (largest === 0) continue;
      // By the scale before it is rounded to F16, and half away from zero, both as ggml does.
      const perStep = 127 / largest;
      for (let i = 0; i < block; i++) {
        const scaled = values[b * block + i]! * perStep;
        quants[34 * b + 2 + i] = scaled < 0 ? scaled - 0.5 : scaled + 0.5;
      }
    }
    const scales = encodeFloats("F16", steps);
    for (let b = 0; b < count; b++) {
      bytes[34 * b] = scales[2 * b]!;
      bytes[34 * b + 1] = scales[2 * b + 1]!;
    }
    return bytes;
  },
};

export const tensorTypes: readonly GgufTensorType[] = [
  plain(0, "F32"),
  plain(1, "F16"),
  q4_0,
  q4_1,
  q8_0,
  plain(30, "BF16"),
];

export function tensorType(
  name: GgufFloatType,
): GgufTensorType & Required<Pick<GgufTensorType, "encode" | "greatest">> {
  return tensorTypes.find((type) => type.name === name) as ReturnType<typeof tensorType>;
}
