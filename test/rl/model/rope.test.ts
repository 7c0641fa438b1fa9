import { describe, expect, it } from "vitest";
import type { RopeScaling } from "../../../src/rl/model/contract.ts";
import { ropeFrequencies, ropeTables } from "../../../src/rl/model/rope.ts";

/** Worked out in Python from the published formulas, float64. */
describe("the frequencies of published models", () => {
  it.each<[string, number, RopeScaling, readonly [index: number, frequency: number][]]>([
    [
      "Llama 3.1: base 500,000, stretched eightfold from 8,192",
      500_000,
      { type: "llama3", factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192 },
      [
        [0, 1],
        [20, 0.016560440080994446],
        [28, 0.0032114459947525913],
        [30, 0.0013718935677611381],
        [32, 0.0005248461609929547],
        [35, 9.556212353964683e-5],
        [40, 3.428102195952591e-5],
        [63, 3.068925988914511e-7],
      ],
    ],
    [
      "Qwen3 with YaRN: base 1,000,000, stretched fourfold from 32,768",
      1_000_000,
      { type: "yarn", factor: 4, originalContext: 32_768, betaFast: 32, betaSlow: 1, attentionFactor: null },
      [
        [0, 1],
        [20, 0.01333521432163324],
        [23, 0.006978305848598663],
        [30, 0.0010643609812470017],
        [39, 6.490394320837028e-5],
        [40, 4.445698525097307e-5],
        [63, 3.102344401879299e-7],
      ],
    ],
    ["linear", 500_000, { type: "linear", factor: 4 }, [[30, 0.0021311195369119653 / 4]]],
    ["none", 500_000, null, [[30, 0.0021311195369119653]]],
  ])("%s", (_, ropeBase, ropeScaling, expected) => {
    const frequencies = ropeFrequencies({ headSize: 128, ropeBase, ropeScaling });
    expect(frequencies).toHaveLength(64);
    for (const [index, frequency] of expected) expect(frequencies[index]! / frequency).toBeCloseTo(1, 12);
  });
});

describe("the tables", () => {
  const config = { headSize: 8, maxContext: 5, ropeBase: 100, ropeScaling: null };

  it("hold cos and sin of position times frequency", () => {
    const { cos, sin } = ropeTables(config);
    // Position 3, dimension 1: 3 * 100^(-1/4).
    expect(cos[3 * 4 + 1]).toBeCloseTo(Math.cos(3 * 0.31622776601683794), 6);
    expect(sin[3 * 4 + 1]).toBeCloseTo(Math.sin(3 * 0.31622776601683794), 6);
    expect([cos.length, sin.length]).toEqual([20, 20]);
  });

  it("are made once for a config", () => {
    expect(ropeTables(config)).toBe(ropeTables(config));
  });

  it("carry YaRN's attention factor, 0.1 ln(factor) + 1 unless given", () => {
    const yarn = { type: "yarn", factor: 4, originalContext: 16, betaFast: 32, betaSlow: 1 } as const;
    const first = (attentionFactor: number | null) =>
      ropeTables({ ...config, ropeScaling: { ...yarn, attentionFactor } }).cos[0];
    expect(first(null)).toBeCloseTo(1.138629436111989, 6);
    expect(first(1.5)).toBe(1.5);
  });
});
