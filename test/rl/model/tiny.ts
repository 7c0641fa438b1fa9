/** A model small enough for any test, and sequences for it. */
import { createRandom } from "../../../src/core/random.ts";
import type { ModelConfig } from "../../../src/rl/model/contract.ts";
import { createLanguageModel, type LocalModel } from "../../../src/rl/model/local-model.ts";
import { createTokenizer } from "../../../src/rl/tokenizer/word-tokenizer.ts";

export const tokenizer = createTokenizer(["aa", "bb", "cc", " aa", " bb", " cc", "\n\n"], ["<step>"]);

export function tinyModel(overrides: Partial<ModelConfig> = {}, seed = 1): LocalModel {
  const config = { vocabSize: tokenizer.vocabSize, dModel: 16, layers: 2, heads: 2, ffn: 24, maxContext: 48 };
  return createLanguageModel({ ...config, copyHead: true, tiedHead: true, ...overrides }, tokenizer, seed);
}

export function ids(label: string, length: number): number[] {
  const random = createRandom(label);
  return Array.from({ length }, () => 3 + random.integer(tokenizer.vocabSize - 3));
}
