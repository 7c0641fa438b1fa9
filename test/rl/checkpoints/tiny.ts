/** Architectures small enough to write down, and parameters for them. */
import type { Architecture } from "../../../src/rl/checkpoints/architecture.ts";
import { parameterLayout } from "../../../src/rl/checkpoints/parameter-layout.ts";
import { elementsOf, type NamedTensor } from "../../../src/rl/checkpoints/tensors.ts";
import { createRandom } from "../../../src/core/random.ts";

export const llama: Architecture = {
  vocabSize: 11,
  dModel: 8,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 4,
  ffn: 6,
  maxContext: 32,
  tiedHead: false,
  qkNorm: false,
  normEpsilon: 1e-5,
  ropeBase: 500_000,
  ropeScaling: { type: "llama3", factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192 },
  bosId: 1,
  eosIds: [2],
};

/** Heads that do not add up to dModel, as in Qwen3-0.6B. */
export const qwen3: Architecture = {
  ...llama,
  headSize: 6,
  tiedHead: true,
  qkNorm: true,
  normEpsilon: 1e-6,
  ropeBase: 1_000_000,
  ropeScaling: null,
  bosId: null,
  eosIds: [3, 4],
};

export const yarn = {
  type: "yarn",
  factor: 4,
  originalContext: 32768,
  betaFast: 32,
  betaSlow: 1,
  attentionFactor: null,
} as const;

/** Values that half precision holds exactly. */
export function parametersOf(architecture: Architecture): NamedTensor[] {
  return parameterLayout(architecture).map(({ name, shape }) => {
    const random = createRandom(name);
    return {
      name,
      shape,
      data: Float32Array.from({ length: elementsOf(shape)! }, () => (random.integer(256) - 128) / 64),
    };
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
