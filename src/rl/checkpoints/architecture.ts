/** What a checkpoint says of its model: the decoders that Afterstate can run, Llama's and Qwen3's. */
import { TrainerError } from "../../core/errors.ts";
import type { ModelConfig } from "../model/contract.ts";

/** Of our model's configuration all but what only our own models have, and the tokens around a text. */
export interface Architecture extends Omit<ModelConfig, "copyHead" | "history"> {
  readonly bosId: number | null;
  /** Any of them ends a completion. */
  readonly eosIds: readonly number[];
}

/** What YaRN (arXiv:2309.00071) has where nothing is said, in transformers and in llama.cpp. */
export const yarnDefaults = { betaFast: 32, betaSlow: 1, attentionFactor: null } as const;

/** Beyond any model there is: a header that says more wants our memory, not our service. */
export const modelLimits = {
  vocabSize: 2 ** 24,
  dModel: 2 ** 17,
  layers: 1024,
  heads: 1024,
  kvHeads: 1024,
  headSize: 2 ** 14,
  ffn: 2 ** 20,
  maxContext: 2 ** 31,
} as const;

/**
 * @param path for the message.
 * @throws TrainerError ERR_MODEL_CONFIG that names what does not fit.
 */
export function checkArchitecture(architecture: Architecture, path: string): Architecture {
  const fail = (why: string): never => {
    throw new TrainerError(`${path}: ${why}`, { code: "ERR_MODEL_CONFIG" });
  };
  for (const [key, limit] of Object.entries(modelLimits)) {
    const value = architecture[key as keyof typeof modelLimits];
    if (!Number.isInteger(value) || value < 1 || value > limit) fail(`${key} must be 1 to ${limit}, not ${value}`);
  }
  const { heads, kvHeads, headSize, vocabSize, normEpsilon, ropeBase, ropeScaling, bosId, eosIds } = architecture;
  if (heads % kvHeads !== 0) fail(`heads (${heads}) must be a multiple of kvHeads (${kvHeads})`);
  if (headSize % 2 !== 0) fail(`headSize (${headSize}) must be even`);
  for (const [key, value] of Object.entries({ normEpsilon, ropeBase, ...ropeScaling }))
    if (typeof value === "number" && !(value > 0 && value < Infinity)) fail(`${key} must be positive, not ${value}`);
  if (ropeScaling?.type === "llama3" && ropeScaling.highFrequencyFactor <= ropeScaling.lowFrequencyFactor)
    fail("highFrequencyFactor must be above lowFrequencyFactor");
  for (const id of bosId === null ? eosIds : [bosId, ...eosIds])
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize) fail(`token ${id} is not in a vocabulary of ${vocabSize}`);
  return architecture;
}
