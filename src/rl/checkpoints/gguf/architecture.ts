/**
 * A model's architecture as GGUF metadata, and back. Keys: docs/gguf.md of ggml. Llama 3's RoPE scaling has no key there:
 * llama.cpp reads it as a tensor of divisors, `rope_freqs.weight`, from which its parameters cannot be told. Ours are
 * kept beside it, under keys of our own, that others pass over.
 */
import { TrainerError } from "../../../core/errors.ts";
import type { RopeScaling } from "../../model/contract.ts";
import { ropeFrequencies } from "../../model/rope.ts";
import { checkArchitecture, yarnDefaults, type Architecture } from "../architecture.ts";
import type { GgufMetadata, TypedValue } from "./metadata.ts";
import type { GgufFile } from "./reader.ts";
import type { GgufFloatType } from "./tensor-types.ts";
import { readTensor } from "../tensors.ts";

export const ropeTensor = "rope_freqs.weight";
const ownScaling = "afterstate.rope_scaling";
type Scaling<Type> = Extract<RopeScaling, { readonly type: Type }>;
/** Of Llama 3.1, 3.2 and 3.3, which differ in the factor alone. */
const publishedScaling = { lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192 } as const;
/** ggml's `llama_ftype`: what most of the weights are. */
const fileTypes: Readonly<Record<GgufFloatType, number>> = { F32: 0, F16: 1, Q8_0: 7, BF16: 32 };

/** @throws TrainerError ERR_CHECKPOINT_UNSUPPORTED that names the key, ERR_MODEL_CONFIG, ERR_WEIGHTS_MISSING */
export async function readGgufArchitecture(file: GgufFile): Promise<Architecture> {
  const { metadata, path } = file;
  const unsupported = (key: string, supported: string): never => {
    throw new TrainerError(`${path}: ${key} is ${JSON.stringify(metadata.get(key))}; supported: ${supported}`, {
      code: "ERR_CHECKPOINT_UNSUPPORTED",
    });
  };
  const name = metadata.get("general.architecture");
  if (name !== "llama" && name !== "qwen3") return unsupported("general.architecture", "llama, qwen3");
  const number = (key: string, otherwise?: number): number => {
    const value = metadata.get(`${name}.${key}`) ?? otherwise;
    if (typeof value === "number") return value;
    throw new TrainerError(`${path}: ${name}.${key} must be one number`, { code: "ERR_MODEL_CONFIG" });
  };
  const dModel = number("embedding_length");
  const heads = number("attention.head_count");
  const headSize = number("attention.key_length", dModel / heads);
  for (const [key, fine, supported] of [
    ["attention.value_length", headSize, "the length of the keys"],
    ["rope.dimension_count", headSize, "the whole head"],
    ["attention.sliding_window", 0, "none"],
    ["expert_count", 0, "no mixture of experts"],
    ["rope.scale_linear", 1, "rope.scaling.type"],
  ] as const)
    if (number(key, fine) !== fine) unsupported(`${name}.${key}`, supported);
  const ropeBase = shortest(number("rope.freq_base", 10_000));
  const ids = ["eos", "eot", "eom"].map((end) => metadata.get(`tokenizer.ggml.${end}_token_id`));
  const bosId = metadata.get("tokenizer.ggml.bos_token_id");
  const embedding = file.tensors.get("token_embd.weight");
  return checkArchitecture(
    {
      vocabSize: embedding?.shape[0] ?? number("vocab_size"),
      dModel,
      layers: number("block_count"),
      heads,
      kvHeads: number("attention.head_count_kv", heads),
      headSize,
      ffn: number("feed_forward_length"),
      maxContext: number("context_length"),
      tiedHead: !file.tensors.has("output.weight"),
      qkNorm: name === "qwen3",
      normEpsilon: shortest(number("attention.layer_norm_rms_epsilon")),
      ropeBase,
      ropeScaling: await scalingOf(file, name, headSize, ropeBase, unsupported),
      bosId: typeof bosId === "number" ? bosId : null,
      eosIds: [...new Set(ids.filter((id) => typeof id === "number"))],
    },
    path,
  );
}

/** @param type of most tensors. */
export function ggufArchitecture(architecture: Architecture, type: GgufFloatType): Map<string, TypedValue> {
  const { ropeScaling, headSize, bosId, eosIds } = architecture;
  const name = architecture.qkNorm ? "qwen3" : "llama";
  const metadata = new Map<string, TypedValue>([["general.architecture", { type: "string", value: name }]]);
  const integer = (key: string, value: number) => metadata.set(key, { type: "u32", value });
  const real = (key: string, value: number) => metadata.set(key, { type: "f32", value });
  integer("general.file_type", fileTypes[type]);
  integer("general.quantization_version", 2);
  integer(`${name}.vocab_size`, architecture.vocabSize);
  integer(`${name}.context_length`, architecture.maxContext);
  integer(`${name}.embedding_length`, architecture.dModel);
  integer(`${name}.block_count`, architecture.layers);
  integer(`${name}.feed_forward_length`, architecture.ffn);
  integer(`${name}.attention.head_count`, architecture.heads);
  integer(`${name}.attention.head_count_kv`, architecture.kvHeads);
  integer(`${name}.attention.key_length`, headSize);
  integer(`${name}.attention.value_length`, headSize);
  real(`${name}.attention.layer_norm_rms_epsilon`, architecture.normEpsilon);
  integer(`${name}.rope.dimension_count`, headSize);
  real(`${name}.rope.freq_base`, architecture.ropeBase);
  if (ropeScaling?.type === "linear") {
    metadata.set(`${name}.rope.scaling.type`, { type: "string", value: "linear" });
    real(`${name}.rope.scaling.factor`, ropeScaling.factor);
  } else if (ropeScaling?.type === "yarn") {
    checkYarn(ropeScaling);
    metadata.set(`${name}.rope.scaling.type`, { type: "string", value: "yarn" });
    real(`${name}.rope.scaling.factor`, ropeScaling.factor);
    integer(`${name}.rope.scaling.original_context_length`, ropeScaling.originalContext);
  } else if (ropeScaling) {
    real(`${ownScaling}.factor`, ropeScaling.factor);
    real(`${ownScaling}.low_frequency_factor`, ropeScaling.lowFrequencyFactor);
    real(`${ownScaling}.high_frequency_factor`, ropeScaling.highFrequencyFactor);
    integer(`${ownScaling}.original_context`, ropeScaling.originalContext);
  }
  if (bosId !== null) integer("tokenizer.ggml.bos_token_id", bosId);
  for (const [i, end] of ["eos", "eot", "eom"].entries())
    if (eosIds[i] !== undefined) integer(`tokenizer.ggml.${end}_token_id`, eosIds[i]);
  return metadata;
}

/** llama.cpp has had no keys for the others until lately, and has changed what they mean. */
function checkYarn({ betaFast, betaSlow, attentionFactor }: Scaling<"yarn">): void {
  const { betaFast: fast, betaSlow: slow } = yarnDefaults;
  if (betaFast !== fast || betaSlow !== slow || attentionFactor !== null)
    throw new TrainerError(
      `GGUF takes YaRN with betaFast ${fast}, betaSlow ${slow} and no attentionFactor, not ${betaFast}, ${betaSlow}, ${attentionFactor}`,
      { code: "ERR_CHECKPOINT_UNSUPPORTED" },
    );
}

/** What each of a head's frequencies base^(-2i / headSize) is divided by: [headSize / 2]. */
export function ropeDivisors(ropeScaling: Scaling<"llama3">, headSize: number, ropeBase: number): Float32Array {
  const plain = ropeFrequencies({ headSize, ropeBase, ropeScaling: null });
  const scaled = ropeFrequencies({ headSize, ropeBase, ropeScaling });
  return Float32Array.from(plain, (frequency, i) => frequency / scaled[i]!);
}

async function scalingOf(
  file: GgufFile,
  name: string,
  headSize: number,
  ropeBase: number,
  unsupported: (key: string, supported: string) => never,
): Promise<RopeScaling> {
  const { metadata, path } = file;
  const type = metadata.get(`${name}.rope.scaling.type`) ?? "none";
  const factor = metadata.get(`${name}.rope.scaling.factor`);
  if (type === "linear" && typeof factor === "number") return { type, factor: shortest(factor) };
  const originalContext = metadata.get(`${name}.rope.scaling.original_context_length`);
  if (type === "yarn" && typeof factor === "number" && typeof originalContext === "number") {
    const other = [...metadata.keys()].find((key) => /\.rope\.scaling\.(attn_factor|yarn_.*)$/.test(key));
    if (other !== undefined) return unsupported(other, "YaRN with its defaults");
    return { type, factor: shortest(factor), originalContext, ...yarnDefaults };
  }
  if (type !== "none") return unsupported(`${name}.rope.scaling.type`, "none, linear, yarn, with their factors");
  if (!file.tensors.has(ropeTensor)) return null;
  const { data } = await readTensor(file, ropeTensor);
  const scaling = ownScalingOf(metadata) ?? {
    type: "llama3" as const,
    factor: data.reduce((most, divisor) => Math.max(most, divisor), 1),
    ...publishedScaling,
  };
  const expected = ropeDivisors(scaling, headSize, ropeBase);
  if (data.length !== expected.length || data.some((divisor, i) => Math.abs(divisor / expected[i]! - 1) > 1e-4))
    throw new TrainerError(`${path}: ${ropeTensor} is no Llama 3 scaling that we know`, {
      code: "ERR_CHECKPOINT_UNSUPPORTED",
    });
  return scaling;
}

function ownScalingOf(metadata: GgufMetadata): Scaling<"llama3"> | null {
  const values = ["factor", "low_frequency_factor", "high_frequency_factor", "original_context"].map((key) =>
    metadata.get(`${ownScaling}.${key}`),
  );
  if (!values.every((value) => typeof value === "number")) return null;
  const [factor, low, high, originalContext] = values.map(shortest) as [number, number, number, number];
  return { type: "llama3", factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext };
}

/** The shortest decimal that is this float32: 1e-5, where the file has 0.000009999999747378752. */
function shortest(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return decimal;
  }
  return value;
}
