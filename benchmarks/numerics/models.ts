/** The models that are measured, and what is asked of them. All are decoders as in Llama; none has a copy head. */
import { modelConfigSchema } from "../../src/rl/model/config.ts";
import type { ModelConfig, WeightSet } from "../../src/rl/model/contract.ts";
import { parameterSpecs, type ParameterSpec } from "../../src/rl/model/parameters.ts";
import { createTokenizer } from "../../src/rl/tokenizer/word-tokenizer.ts";
import type { Tokenizer } from "../../src/rl/tokenizer/tokenizer.ts";
import { createRandom } from "../../src/core/random.ts";

const common = { maxContext: 512, copyHead: false, tiedHead: false };
const shapes = {
  tiny: { vocabSize: 320, dModel: 32, layers: 2, heads: 2, ffn: 64 },
  "1m": { vocabSize: 1024, dModel: 128, layers: 4, heads: 4, ffn: 384 },
  "10m": { vocabSize: 4096, dModel: 320, layers: 6, heads: 5, ffn: 864 },
  // SmolLM2-135M's.
  "135m": { vocabSize: 49152, dModel: 576, layers: 30, heads: 9, kvHeads: 3, ffn: 1536, tiedHead: true },
  // Llama 3.2 1B's.
  "1b": { vocabSize: 128256, dModel: 2048, layers: 16, heads: 32, kvHeads: 8, ffn: 8192, tiedHead: true },
} as const;

export type Size = keyof typeof shapes;
export const sizes = Object.keys(shapes) as Size[];

export function modelOf(size: Size): ModelConfig {
  return modelConfigSchema.parse({ ...common, ...shapes[size] });
}

export function parameterCount(config: ModelConfig): number {
  return countOf(parameterSpecs(config));
}

export function countOf(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, { size }) => sum + size, 0);
}

/**
 * Random weights of the spread that a fresh model has, uniform rather than normal: a billion of them take seconds. Numbers
 * from xorshift32 (Marsaglia 2003), which no statistics are made of here.
 */
export function randomWeights(config: ModelConfig): WeightSet {
  let state = 2463534242;
  const weights: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const { name, shape, size, init } of parameterSpecs(config)) {
    const data = new Float32Array(size);
    if (init === "one") data.fill(1);
    else if (init !== "zero") {
      const factor = (init.std * Math.sqrt(3)) / 2 ** 31;
      for (let i = 0; i < size; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        data[i] = state * factor;
      }
    }
    weights[name] = { shape, data };
  }
  return weights;
}

/** Of the model's size, and without an end: every request then writes as many tokens as it may. */
export function endlessTokenizer({ vocabSize }: ModelConfig): Tokenizer {
  const specialsAndBytes = 3 + 256;
  const words = Array.from({ length: vocabSize - specialsAndBytes }, (_, i) => `word${i}`);
  return { ...createTokenizer(words, []), eosId: -1, eosIds: [] };
}

/** [count][length], the same on each call. Special tokens stay out. */
export function randomTokens(config: ModelConfig, label: string, count: number, length: number): number[][] {
  const random = createRandom(label);
  return Array.from({ length: count }, () =>
    Array.from({ length }, () => 3 + random.integer(Math.min(config.vocabSize, 4096) - 3)),
  );
}
