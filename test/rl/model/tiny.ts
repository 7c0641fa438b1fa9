/** A model small enough for any test, and sequences for it. */
import { createRandom } from "../../../src/core/random.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { modelConfigSchema } from "../../../src/rl/model/config.ts";
import type { Branch, BranchCall, ModelConfig } from "../../../src/rl/model/contract.ts";
import { LocalModel } from "../../../src/rl/model/local-model.ts";
import { initialWeights } from "../../../src/rl/model/parameters.ts";
import { createTokenizer } from "../../../src/rl/tokenizer/word-tokenizer.ts";

export const tokenizer = createTokenizer(["aa", "bb", "cc", " aa", " bb", " cc", "\n\n"], ["<step>"]);

export function tinyModel(overrides: Partial<ModelConfig> = {}, seed = 1): LocalModel {
  const size = { vocabSize: tokenizer.vocabSize, dModel: 16, layers: 2, heads: 2, ffn: 24, maxContext: 48 };
  const config = modelConfigSchema.parse({ ...size, copyHead: true, tiedHead: true, ...overrides });
  const weights = initialWeights(config, seed);
  // A fresh gate is one half everywhere, which would hide a gate the wrong way round; fresh norms are one.
  for (const [name, { data }] of Object.entries(weights)) {
    const random = createRandom(`${seed}/${name}/moved`);
    if (name.startsWith("copy.") || name.endsWith("norm")) data.forEach((v, i) => (data[i] = v + random.next() - 0.3));
  }
  return new LocalModel({ config, tokenizer, weights, version: 0, backend: tf.getBackend() });
}

export function ids(label: string, length: number): number[] {
  const random = createRandom(label);
  return Array.from({ length }, () => 3 + random.integer(tokenizer.vocabSize - 3));
}

/** A branch of one call. */
export function single<Call extends BranchCall>(call: Call): Branch<Call> {
  return { calls: [call] };
}
