/**
 * config.json of a Hugging Face model directory, to an architecture and back.
 *
 * Keys and defaults: transformers' LlamaConfig and Qwen3Config. RoPE is spelled in two ways: `rope_theta` with
 * `rope_scaling` (transformers 4), or both inside `rope_parameters` (transformers 5); either is read, and the first is
 * written, which both versions take. What a checkpoint needs and we cannot do is refused: computing something else
 * silently is worse than not starting.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { TrainerError } from "../../../core/errors.ts";
import type { RopeScaling } from "../../model/contract.ts";
import { checkArchitecture, yarnDefaults, type Architecture } from "../architecture.ts";
import type { FloatType } from "../float-types.ts";
import { readJsonFile, readOptionalJsonFile } from "../json-file.ts";

const eosSchema = z.union([z.int(), z.array(z.int())]).nullish();
const ropeSchema = z.record(z.string(), z.unknown()).nullish();
const schema = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().nullish(),
  vocab_size: z.int(),
  hidden_size: z.int(),
  num_hidden_layers: z.int(),
  num_attention_heads: z.int(),
  num_key_value_heads: z.int().nullish(),
  head_dim: z.int().nullish(),
  intermediate_size: z.int(),
  max_position_embeddings: z.int(),
  tie_word_embeddings: z.boolean().nullish(),
  rms_norm_eps: z.number().nullish(),
  rope_theta: z.number().nullish(),
  rope_scaling: ropeSchema,
  rope_parameters: ropeSchema,
  bos_token_id: z.int().nullish(),
  eos_token_id: eosSchema,
});
type Config = z.infer<typeof schema>;

/** What each architecture is, beyond what both have, and its size of a head where config.json leaves that out. */
const families = {
  LlamaForCausalLM: { modelType: "llama", qkNorm: false, headSize: null },
  Qwen3ForCausalLM: { modelType: "qwen3", qkNorm: true, headSize: 128 },
} as const;

/** Keys that change what a model computes: the values we can do. Absent and null are always fine. */
const only: readonly [key: string, fine: (value: unknown) => boolean, supported: string][] = [
  ["hidden_act", (value) => value === "silu", '"silu"'],
  ["attention_bias", (value) => value === false, "false"],
  ["mlp_bias", (value) => value === false, "false"],
  ["use_sliding_window", (value) => value === false, "false"],
  [
    "layer_types",
    (value) => Array.isArray(value) && value.every((type) => type === "full_attention"),
    '"full_attention" throughout',
  ],
  ["num_experts", (value) => value === 0, "no mixture of experts"],
  ["num_local_experts", (value) => value === 0, "no mixture of experts"],
  ["partial_rotary_factor", (value) => value === 1, "1"],
  ["rope_interleaved", (value) => value === false, "false"],
  ["quantization_config", () => false, "weights in F32, F16 or BF16"],
];

/**
 * A model directory's config.json, and the end-of-sequence tokens of its generation_config.json where that names them.
 * @throws TrainerError ERR_MODEL_MISSING, ERR_MODEL_CORRUPT, ERR_MODEL_CONFIG, ERR_CHECKPOINT_UNSUPPORTED (names the key)
 */
export async function readConfig(directory: string): Promise<Architecture> {
  const path = join(directory, "config.json");
  const config = await readJsonFile(path, schema);
  const generation = await readOptionalJsonFile(
    join(directory, "generation_config.json"),
    z.looseObject({ eos_token_id: eosSchema }),
  );
  return architectureOf(config, path, generation?.eos_token_id ?? config.eos_token_id ?? []);
}

/** Writes config.json. @param type of the weights beside it. */
export async function writeConfig(directory: string, architecture: Architecture, type: FloatType): Promise<void> {
  await writeFile(join(directory, "config.json"), `${JSON.stringify(configOf(architecture, type), null, 2)}\n`);
}

function architectureOf(config: Config, path: string, eos: number | readonly number[]): Architecture {
  const unsupported = (key: string, value: unknown, supported: string): never => {
    throw new TrainerError(`${path}: ${key} is ${JSON.stringify(value)}; supported: ${supported}`, {
      code: "ERR_CHECKPOINT_UNSUPPORTED",
    });
  };
  const names = Object.keys(families) as (keyof typeof families)[];
  const name = names.find((family) =>
    config.architectures
      ? config.architectures.length === 1 && config.architectures[0] === family
      : config.model_type === families[family].modelType,
  );
  if (name === undefined)
    return unsupported(
      config.architectures ? "architectures" : "model_type",
      config.architectures ?? config.model_type,
      names.join(", "),
    );
  for (const [key, fine, supported] of only) {
    const value = config[key];
    if (value !== undefined && value !== null && !fine(value)) unsupported(key, value, supported);
  }
  const { ropeBase, ropeScaling } = ropeOf(config, path, unsupported);
  return checkArchitecture(
    {
      vocabSize: config.vocab_size,
      dModel: config.hidden_size,
      layers: config.num_hidden_layers,
      heads: config.num_attention_heads,
      kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
      headSize: config.head_dim ?? families[name].headSize ?? config.hidden_size / config.num_attention_heads,
      ffn: config.intermediate_size,
      maxContext: config.max_position_embeddings,
      tiedHead: config.tie_word_embeddings ?? false,
      qkNorm: families[name].qkNorm,
      normEpsilon: config.rms_norm_eps ?? 1e-6,
      ropeBase,
      ropeScaling,
      bosId: config.bos_token_id ?? null,
      eosIds: [eos].flat(),
    },
    path,
  );
}

type Rope = Pick<Architecture, "ropeBase" | "ropeScaling">;

function ropeOf(
  config: Config,
  path: string,
  unsupported: (key: string, value: unknown, supported: string) => never,
): Rope {
  const read = (key: "rope_scaling" | "rope_parameters"): Rope | null => {
    const rope = config[key];
    if (!rope) return null;
    const number = (name: string): number => {
      const value = rope[name];
      if (typeof value !== "number")
        throw new TrainerError(`${path}: ${key}.${name} must be a number`, { code: "ERR_MODEL_CONFIG" });
      return value;
    };
    const type = rope["rope_type"] ?? rope["type"] ?? "default";
    // A set of parameters for each type of layer: none of our architectures mixes types.
    const nested = Object.entries(rope).find(([, value]) => typeof value === "object" && value !== null);
    if (nested) return unsupported(`${key}.${nested[0]}`, nested[1], "one set of parameters for all layers");
    if ((rope["partial_rotary_factor"] ?? 1) !== 1)
      return unsupported(`${key}.partial_rotary_factor`, rope["partial_rotary_factor"], "1");
    const ropeBase = rope["rope_theta"] === undefined ? (config.rope_theta ?? 10_000) : number("rope_theta");
    if (type === "default") return { ropeBase, ropeScaling: null };
    if (type === "linear") return { ropeBase, ropeScaling: { type, factor: number("factor") } };
    if (type === "yarn") return { ropeBase, ropeScaling: yarnOf(rope, number, key) };
    if (type !== "llama3") return unsupported(`${key}.rope_type`, type, "default, linear, llama3, yarn");
    const ropeScaling: RopeScaling = {
      type,
      factor: number("factor"),
      lowFrequencyFactor: number("low_freq_factor"),
      highFrequencyFactor: number("high_freq_factor"),
      originalContext: number("original_max_position_embeddings"),
    };
    return { ropeBase, ropeScaling };
  };
  const yarnOf = (
    rope: Readonly<Record<string, unknown>>,
    number: (name: string) => number,
    key: string,
  ): RopeScaling => {
    // DeepSeek's, and gpt-oss's: other temperatures, another ramp.
    for (const [name, fine] of [
      ["mscale", null],
      ["mscale_all_dim", null],
      ["truncate", true],
    ] as const)
      if ((rope[name] ?? fine) !== fine) unsupported(`${key}.${name}`, rope[name], JSON.stringify(fine));
    const optional = (name: string) => (rope[name] === undefined || rope[name] === null ? null : number(name));
    return {
      type: "yarn",
      factor: number("factor"),
      originalContext: optional("original_max_position_embeddings") ?? config.max_position_embeddings,
      betaFast: optional("beta_fast") ?? yarnDefaults.betaFast,
      betaSlow: optional("beta_slow") ?? yarnDefaults.betaSlow,
      attentionFactor: optional("attention_factor"),
    };
  };
  const [scaling, parameters] = [read("rope_scaling"), read("rope_parameters")];
  if (scaling && parameters && JSON.stringify(scaling) !== JSON.stringify(parameters))
    throw new TrainerError(`${path}: rope_scaling and rope_parameters contradict each other`, {
      code: "ERR_MODEL_CONFIG",
    });
  return parameters ?? scaling ?? { ropeBase: config.rope_theta ?? 10_000, ropeScaling: null };
}

function configOf(architecture: Architecture, type: FloatType): Record<string, unknown> {
  const { ropeScaling, eosIds } = architecture;
  const name = architecture.qkNorm ? "Qwen3ForCausalLM" : "LlamaForCausalLM";
  return {
    architectures: [name],
    model_type: families[name].modelType,
    vocab_size: architecture.vocabSize,
    hidden_size: architecture.dModel,
    num_hidden_layers: architecture.layers,
    num_attention_heads: architecture.heads,
    num_key_value_heads: architecture.kvHeads,
    head_dim: architecture.headSize,
    intermediate_size: architecture.ffn,
    max_position_embeddings: architecture.maxContext,
    tie_word_embeddings: architecture.tiedHead,
    hidden_act: "silu",
    attention_bias: false,
    attention_dropout: 0,
    rms_norm_eps: architecture.normEpsilon,
    rope_theta: architecture.ropeBase,
    rope_scaling: ropeScaling && scalingOf(ropeScaling),
    bos_token_id: architecture.bosId,
    eos_token_id: eosIds.length === 0 ? null : eosIds.length === 1 ? eosIds[0] : eosIds,
    torch_dtype: { F32: "float32", F16: "float16", BF16: "bfloat16" }[type],
    use_cache: true,
  };
}

function scalingOf(scaling: NonNullable<RopeScaling>): Record<string, unknown> {
  if (scaling.type === "linear") return { rope_type: "linear", factor: scaling.factor };
  if (scaling.type === "yarn")
    return {
      rope_type: "yarn",
      factor: scaling.factor,
      original_max_position_embeddings: scaling.originalContext,
      beta_fast: scaling.betaFast,
      beta_slow: scaling.betaSlow,
      ...(scaling.attentionFactor !== null && { attention_factor: scaling.attentionFactor }),
    };
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalContext,
  };
}
