import { describe, expect, it } from "vitest";
import { tensorType, tensorTypes } from "../../../../src/rl/checkpoints/gguf/tensor-types.ts";

const byName = (name: string) => tensorTypes.find((type) => type.name === name)!;
const decode = (name: string, bytes: readonly number[], elements: number): number[] => {
  const into = new Float32Array(elements);
  byName(name).decode(Uint8Array.from(bytes), into);
  return [...into];
};
const [one, half, two] = [
  [0x00, 0x3c],
  [0x00, 0x38],
  [0x00, 0x40],
] as const;
/** Sixteen bytes whose low halves count up from 0, and whose high halves count down from 15. */
const counting = Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4));
const up = Array.from({ length: 16 }, (_, i) => i);

describe("ggml's blocks of 32", () => {
  it("Q4_0 holds (q - 8) * scale, first half in the low nibbles", () => {
    const expected = [...up.map((q) => (q - 8) * 0.5), ...up.map((q) => (7 - q) * 0.5)];
    expect(decode("Q4_0", [...half, ...counting], 32)).toEqual(expected);
  });

  it("Q4_1 holds q * scale + least", () => {
    const expected = [...up.map((q) => q * 2 + 0.5), ...up.map((q) => (15 - q) * 2 + 0.5)];
    expect(decode("Q4_1", [...two, ...half, ...counting], 32)).toEqual(expected);
  });

  it("Q8_0 holds q * scale, and each block its own", () => {
    const quants = Array.from({ length: 32 }, (_, i) => i - 16);
    const bytes = [...half, ...quants.map((q) => q & 255), ...one, ...quants.map((q) => q & 255)];
    expect(decode("Q8_0", bytes, 64)).toEqual([...quants.map((q) => q * 0.5), ...quants]);
  });

  it("Q8_0 is written with the largest as 127 steps, half away from zero", () => {
    // 127 steps of 0.5; the eleventh and twelfth lie between two steps.
    const values = new Float32Array(96);
    values.set([63.5, -63.5, 0.5, -0.5, 10, 0.25, -0.25, 0.24], 0);
    values.set([1, -1], 32);
    const bytes = tensorType("Q8_0").encode(values);
    expect([...bytes.subarray(0, 2)]).toEqual([...half]);
    expect([...new Int8Array(bytes.buffer, 2, 9)]).toEqual([127, -127, 1, -1, 20, 1, -1, 0, 0]);
    // 1 / 127 in binary16 is 0x2008.
    expect([...bytes.subarray(34, 36)]).toEqual([0x08, 0x20]);
    expect([...new Int8Array(bytes.buffer, 36, 3)]).toEqual([127, -127, 0]);
    expect([...bytes.subarray(68)]).toEqual(Array.from({ length: 34 }, () => 0));
  });

  it("Q8_0 comes back within half a step", () => {
    const values = Float32Array.from({ length: 320 }, (_, i) => Math.sin(i) * (1 + i / 10));
    const back = decode("Q8_0", [...tensorType("Q8_0").encode(values)], 320);
    for (let b = 0; b < 10; b++) {
      const block = values.subarray(32 * b, 32 * b + 32);
      const step = Math.max(...block.map(Math.abs)) / 127;
      // The scale itself is rounded to eleven bits.
      const bound = step * (0.5 + 127 / 2048);
      expect(Math.max(...block.map((value, i) => Math.abs(value - back[32 * b + i]!)))).toBeLessThanOrEqual(bound);
    }
  });
});
