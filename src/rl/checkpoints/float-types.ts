/**
 * Half precision to and from float32: IEEE 754 binary16 ("F16") and the upper half of binary32 ("BF16").
 *
 * Files are little endian, and so is every machine that Node runs on: typed arrays over their bytes need no swapping.
 */

export type FloatType = "F32" | "F16" | "BF16";
export const floatTypes: readonly FloatType[] = ["F32", "F16", "BF16"];

export function bytesPerFloat(type: FloatType): number {
  return type === "F32" ? 4 : 2;
}

/** Largest magnitudes that rounding to nearest keeps finite. */
export const greatestFloats: Readonly<Record<FloatType, number>> = {
  F32: (2 - 2 ** -23) * 2 ** 127,
  F16: 65_504,
  BF16: (2 - 2 ** -7) * 2 ** 127,
};

export function isFloatType(type: string): type is FloatType {
  return (floatTypes as readonly string[]).includes(type);
}

/** @param bytes as long as `into` has elements, in `type`. */
export function decodeFloats(type: FloatType, bytes: Uint8Array, into: Float32Array): void {
  if (type === "F32") {
    bytesOf(into).set(bytes);
    return;
  }
  const halves = halvesOf(bytes);
  if (type === "F16") {
    const table = halfTable();
    for (let i = 0; i < into.length; i++) into[i] = table[halves[i]!]!;
  } else {
    const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
    for (let i = 0; i < bits.length; i++) bits[i] = halves[i]! << 16;
  }
}

/** Rounds to nearest, ties to even; what is too large becomes infinite. "F32" gives a view of `values`. */
export function encodeFloats(type: FloatType, values: Float32Array): Uint8Array {
  if (type === "F32") return bytesOf(values);
  const halves = new Uint16Array(values.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  if (type === "F16") for (let i = 0; i < bits.length; i++) halves[i] = toHalf(bits[i]!, values[i]!);
  else for (let i = 0; i < bits.length; i++) halves[i] = toBrainHalf(bits[i]!);
  return new Uint8Array(halves.buffer);
}

export function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Copies when the bytes do not start at an even address. */
function halvesOf(bytes: Uint8Array): Uint16Array {
  const even = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(even.buffer, even.byteOffset, even.length >>> 1);
}

function toBrainHalf(bits: number): number {
  // The quiet bit is set, or a NaN whose payload is all below would become infinite.
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function toHalf(bits: number, value: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  // Below 2^-14 a binary16 counts in units of 2^-24.
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(value) * 2 ** 24);
  // Exponent bias 127 to 15; a mantissa that rounds up carries into the exponent, as it should.
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

let halves: Float32Array | undefined;

/** Every binary16 as float32: a lookup is several times quicker than the arithmetic. */
function halfTable(): Float32Array {
  return (halves ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
  }));
}
