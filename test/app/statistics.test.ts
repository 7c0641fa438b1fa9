import { describe, expect, test } from "vitest";
import { bootstrapInterval, pairedInterval } from "../../src/app/statistics.ts";
import { createRandom } from "../../src/core/random.ts";

const ones = (count: number, of: number): number[] => Array.from({ length: of }, (_, index) => (index < count ? 1 : 0));

describe("bootstrap intervals", () => {
  test("of a proportion agree with the normal approximation", () => {
    const [low, high] = bootstrapInterval(ones(120, 400), createRandom(1));
    // 0.3 +- 1.96 * sqrt(0.3 * 0.7 / 400)
    expect(low).toBeCloseTo(0.3 - 0.0449, 1.5);
    expect(high).toBeCloseTo(0.3 + 0.0449, 1.5);
  });

  test("of equal values have no width", () => {
    expect(bootstrapInterval([1, 1, 1], createRandom(1))).toEqual([1, 1]);
  });

  test("of pairs are narrower than those of the two sides when the pairs move together", () => {
    const before = ones(100, 200);
    const after = before.map((value, index) => (index === 150 ? 1 : value));
    const [low, high] = pairedInterval(before, after, createRandom(1));
    expect(high - low).toBeLessThan(0.03);
    expect(low).toBeGreaterThanOrEqual(0);
  });

  test("refuse pairs that do not match", () => {
    expect(() => pairedInterval([1], [1, 0], createRandom(1))).toThrow(RangeError);
  });
});
