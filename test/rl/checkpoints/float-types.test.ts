import { describe, expect, it } from "vitest";
import { decodeFloats, encodeFloats } from "../../../src/rl/checkpoints/float-types.ts";

const halvesOf = (type: "F16" | "BF16", values: readonly number[]): number[] => {
  const bytes = encodeFloats(type, Float32Array.from(values));
  return [...new Uint16Array(bytes.buffer)];
};

/** float32, its F16 by numpy 2's float16, its BF16 by exact rational arithmetic: ties, carries, subnormals, overflow. */
const golden: readonly [number, number, number][] = [
  [0, 0, 0],
  [-0, 0x8000, 0x8000],
  [1, 0x3c00, 0x3f80],
  [1.0009765625, 0x3c01, 0x3f80],
  [1.00048828125, 0x3c00, 0x3f80],
  [1.00146484375, 0x3c02, 0x3f80],
  [65504, 0x7bff, 0x4780],
  [65519.99609375, 0x7bff, 0x4780],
  [65520, 0x7c00, 0x4780],
  [-65536, 0xfc00, 0xc780],
  [2 ** -14, 0x400, 0x3880],
  [2 ** -14 - 2 ** -25, 0x400, 0x3880],
  [2 ** -24, 1, 0x3380],
  [2 ** -25, 0, 0x3300],
  [1.5 * 2 ** -25, 1, 0x3340],
  [3 * 2 ** -25, 2, 0x33c0],
  [2 ** -26, 0, 0x3280],
  [0.1, 0x2e66, 0x3dcd],
  [-Math.PI, 0xc248, 0xc049],
  [1e-40, 0, 1],
  [3.4e38, 0x7c00, 0x7f80],
  [Infinity, 0x7c00, 0x7f80],
];

describe("half precision", () => {
  it("rounds to nearest, ties to even", () => {
    const values = golden.map(([value]) => value);
    expect(halvesOf("F16", values)).toEqual(golden.map(([, half]) => half));
    expect(halvesOf("BF16", values)).toEqual(golden.map(([, , half]) => half));
  });

  it.each(["F16", "BF16"] as const)("brings every %s back, bit by bit", (type) => {
    const all = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half);
    const values = new Float32Array(all.length);
    decodeFloats(type, new Uint8Array(all.buffer), values);
    const back = new Uint16Array(encodeFloats(type, values).buffer);
    const wrong = [...all].filter((half) => !Number.isNaN(values[half]) && back[half] !== half);
    expect(wrong).toEqual([]);
    expect(values.filter(Number.isNaN)).toHaveLength(type === "F16" ? 2 * 1023 : 2 * 127);
    const [infinity, one] = type === "F16" ? [0x7c00, 0x3c00] : [0x7f80, 0x3f80];
    expect([values[infinity], values[one], values[0x8000]]).toEqual([Infinity, 1, -0]);
  });

  it("keeps a NaN a NaN, even one whose payload lies in the bits that go", () => {
    const payload = new Float32Array(Uint32Array.of(0x7f800001, 0xffc00000).buffer);
    for (const type of ["F16", "BF16"] as const) {
      const back = new Float32Array(2);
      decodeFloats(type, encodeFloats(type, payload), back);
      expect([...back]).toEqual([NaN, NaN]);
    }
  });
});
