/**
 * The shape of a model as it is read from files: the training config and a saved model.json.
 *
 * Files from before a key existed go on to load: each later key has the default that says what those models were.
 */
import { z } from "zod";
import { modelLimits } from "../checkpoints/architecture.ts";
import type { ModelConfig, RopeScaling } from "./contract.ts";

const count = z.int().min(1);
const positive = z.number().positive();
const factor = z.number().min(1);

const ropeScalingSchema: z.ZodType<RopeScaling> = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("linear"), factor }),
    z
      .strictObject({
        type: z.literal("llama3"),
        factor,
        lowFrequencyFactor: positive,
        highFrequencyFactor: positive,
        originalContext: count,
      })
      .refine(({ lowFrequencyFactor, highFrequencyFactor }) => lowFrequencyFactor < highFrequencyFactor, {
        message: "lowFrequencyFactor must be below highFrequencyFactor",
      }),
    z.strictObject({
      type: z.literal("yarn"),
      factor,
      originalContext: count,
      betaFast: positive.default(32),
      betaSlow: positive.default(1),
      attentionFactor: positive.nullable().default(null),
    }),
  ])
  .nullable();

/** The keys that Llama and Qwen3 differ in, for both files. */
export const attentionKeys = {
  kvHeads: count
    .max(modelLimits.kvHeads)
    .optional()
    .describe("heads of keys and values, shared by the others; default: heads"),
  headSize: count.max(modelLimits.headSize).optional().describe("default: dModel / heads"),
  qkNorm: z.boolean().default(false).describe("RMS-norm queries and keys within each head"),
  normEpsilon: positive.default(1e-5),
  ropeBase: positive.default(10_000),
  ropeScaling: ropeScalingSchema.default(null),
};

/** What is left out follows from the rest. */
export function withHeadDefaults<T extends HeadKeys>(
  keys: T,
): Omit<T, keyof HeadKeys> & Record<keyof HeadKeys, number> {
  const { heads, dModel, kvHeads = heads, headSize = dModel / heads } = keys;
  return { ...keys, heads, dModel, kvHeads, headSize };
}

export interface HeadKeys {
  readonly dModel: number;
  readonly heads: number;
  readonly kvHeads?: number | undefined;
  readonly headSize?: number | undefined;
}

export const modelConfigSchema: z.ZodType<ModelConfig> = z
  .strictObject({
    vocabSize: count.max(modelLimits.vocabSize),
    dModel: count.max(modelLimits.dModel),
    layers: count.max(modelLimits.layers),
    heads: count.max(modelLimits.heads),
    ...attentionKeys,
    ffn: count.max(modelLimits.ffn),
    maxContext: count.max(modelLimits.maxContext),
    copyHead: z.boolean(),
    tiedHead: z.boolean(),
    history: z.enum(["last", "all"]).default("last"),
  })
  .transform(withHeadDefaults);
