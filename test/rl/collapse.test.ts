import { describe, expect, it } from "vitest";
import { detectCollapse, repetitionRate, type CollapseSample } from "../../src/rl/collapse.ts";

const healthy: CollapseSample = { entropy: 0.5, repetition: 0.05, length: 10, reward: 0.4 };
const run = (last: Partial<CollapseSample>, count = 12): CollapseSample[] =>
  Array.from({ length: count }, (_, i) => (i < count / 2 ? healthy : { ...healthy, ...last }));

describe("detectCollapse", () => {
  it.each([
    ["entropy", { entropy: 0.001 }],
    ["repetition", { repetition: 0.6 }],
    ["length", { length: 45 }],
    ["length", { length: 2 }],
    ["reward", { reward: 0.05 }],
  ] as const)("names %s: %o", (name, last) => {
    expect(detectCollapse(run(last))).toMatchObject({ collapsed: true, name });
  });

  it("does not take learning for collapse: entropy may fall while reward rises", () => {
    expect(detectCollapse(run({ entropy: 0.001, reward: 0.95 }))).toBeNull();
  });

  it("says nothing of a healthy run, or of one too short to tell", () => {
    expect(detectCollapse(run({}))).toBeNull();
    expect(detectCollapse(run({ reward: 0 }, 6))).toBeNull();
  });

  it("does not call noise in the reward a collapse", () => {
    const noisy = Array.from({ length: 30 }, (_, i) => ({ ...healthy, reward: 0.4 + 0.1 * Math.sin(i * 2.4) }));
    expect(detectCollapse(noisy)).toBeNull();
  });

  it("measures repetition by bigrams seen before", () => {
    expect(repetitionRate([1, 2, 3, 4])).toBe(0);
    expect(repetitionRate([7, 7, 7, 7, 7])).toBe(0.75);
    expect(repetitionRate([1])).toBe(0);
  });
});
