/**
 * A LoRA adapter (arXiv:2106.09685) as PEFT keeps it: adapter_config.json and adapter_model.safetensors. Each adapted
 * matrix W [out, in] has A [rank, in] and B [out, rank], and acts as W + (alpha / rank) B A.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { TrainerError } from "../../../core/errors.ts";
import { huggingFaceForm } from "../huggingface/weights.ts";
import { readJsonFile } from "../json-file.ts";
import { loraTargets, type LoraConfig } from "../../model/contract.ts";
import { parameterLayout, type ModelShape } from "../parameter-layout.ts";
import { readSafetensors, writeSafetensors, type TensorRecord } from "../safetensors/weight-set.ts";

export interface Adapter {
  readonly lora: LoraConfig;
  /** By PEFT's names: `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`. */
  readonly weights: TensorRecord;
  /** In training; no part of what is computed afterwards. Default 0. */
  readonly dropout?: number;
  /** Directory or name of the model that it belongs to. Default null. */
  readonly baseModel?: string | null;
}

const configFile = "adapter_config.json";
const weightsFile = "adapter_model.safetensors";
const schema = z.looseObject({
  peft_type: z.string(),
  task_type: z.string().nullish(),
  base_model_name_or_path: z.string().nullish(),
  r: z.int().min(1).max(65_536),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).max(1).nullish(),
  target_modules: z.union([z.string(), z.array(z.string()).min(1)]),
});

const isEmpty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0;
/** Keys that change what an adapter computes: the values we can do. Absent and null are always fine. */
const only: readonly [key: string, fine: (value: unknown) => boolean, supported: string][] = [
  ["peft_type", (value) => value === "LORA", "LORA"],
  ["task_type", (value) => value === "CAUSAL_LM", "CAUSAL_LM"],
  ["bias", (value) => value === "none", "none"],
  ["use_dora", (value) => value === false, "false"],
  ["use_rslora", (value) => value === false, "false"],
  ["fan_in_fan_out", (value) => value === false, "false"],
  ["modules_to_save", isEmpty, "none"],
  ["layers_to_transform", () => false, "every layer"],
  ["rank_pattern", isEmpty, "one rank"],
  ["alpha_pattern", isEmpty, "one alpha"],
  ["trainable_token_indices", () => false, "none"],
  ["target_parameters", isEmpty, "none"],
];

/** Whether the directory holds an adapter. @throws TrainerError ERR_MODEL_CORRUPT when it holds half of one. */
export function hasAdapter(directory: string): boolean {
  const [config, weights] = [configFile, weightsFile].map((name) => existsSync(join(directory, name)));
  if (weights && !config)
    throw new TrainerError(`${directory} holds ${weightsFile} without ${configFile}: its adapter is damaged`, {
      code: "ERR_MODEL_CORRUPT",
    });
  return config!;
}

/**
 * @throws TrainerError ERR_MODEL_MISSING, ERR_MODEL_CORRUPT, ERR_WEIGHTS_MISSING, ERR_WEIGHTS_CORRUPT,
 *   ERR_CHECKPOINT_UNSUPPORTED (names the key), ERR_WEIGHTS_MISMATCH (names tensor, expected and found shape)
 */
export async function readAdapter(directory: string, shape: ModelShape): Promise<Adapter> {
  const path = join(directory, configFile);
  const file = await readJsonFile(path, schema);
  const unsupported = (key: string, value: unknown, supported: string): never => {
    throw new TrainerError(`${path}: ${key} is ${JSON.stringify(value)}; supported: ${supported}`, {
      code: "ERR_CHECKPOINT_UNSUPPORTED",
    });
  };
  for (const [key, fine, supported] of only) {
    const value = file[key];
    if (value !== undefined && value !== null && !fine(value)) unsupported(key, value, supported);
  }
  const { target_modules: modules } = file;
  const targets = loraTargets.filter((target) => modules.includes(target));
  if (typeof modules === "string" || targets.length !== new Set(modules).size)
    return unsupported("target_modules", modules, `a list of ${loraTargets.join(", ")}`);
  const adapter = {
    lora: { rank: file.r, alpha: file.lora_alpha, targets },
    weights: await readSafetensors(join(directory, weightsFile)),
    dropout: file.lora_dropout ?? 0,
    baseModel: file.base_model_name_or_path ?? null,
  };
  checkAdapter(adapter, shape);
  return adapter;
}

/** Makes the directory where there is none, and replaces the adapter that was there. @throws as `checkAdapter`. */
export async function writeAdapter(directory: string, adapter: Adapter, shape: ModelShape): Promise<void> {
  checkAdapter(adapter, shape);
  const { lora, weights, dropout = 0, baseModel = null } = adapter;
  const { rank, alpha, targets } = lora;
  const document = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: baseModel,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: targets,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_dora: false,
    use_rslora: false,
    modules_to_save: null,
    layers_to_transform: null,
    rank_pattern: {},
    alpha_pattern: {},
  };
  await mkdir(directory, { recursive: true });
  await writeSafetensors(join(directory, weightsFile), weights, { format: "pt" });
  await writeFile(join(directory, configFile), `${JSON.stringify(document, null, 2)}\n`);
}

/** Shapes by PEFT's names, layer by layer. */
export function adapterShapes(
  { rank, targets }: Pick<LoraConfig, "rank" | "targets">,
  shape: ModelShape,
): Map<string, readonly [number, number]> {
  const shapes = new Map<string, readonly [number, number]>();
  for (const tensor of parameterLayout(shape).flatMap(({ tensors }) => tensors)) {
    const module = huggingFaceForm.nameOf(tensor).replace(/\.weight$/, "");
    if (!targets.some((target) => module.endsWith(`.${target}`))) continue;
    const [outputs, inputs] = tensor.shape as readonly [number, number];
    shapes.set(`base_model.model.${module}.lora_A.weight`, [rank, inputs]);
    shapes.set(`base_model.model.${module}.lora_B.weight`, [outputs, rank]);
  }
  return shapes;
}

/** @throws TrainerError ERR_WEIGHTS_MISMATCH that names tensor, expected and found shape. */
export function checkAdapter({ lora, weights }: Adapter, model: ModelShape): void {
  const fail = (why: string): never => {
    throw new TrainerError(`the adapter does not fit the model: ${why}`, { code: "ERR_WEIGHTS_MISMATCH" });
  };
  const shapes = adapterShapes(lora, model);
  for (const [name, shape] of shapes) {
    const found = Object.hasOwn(weights, name) ? weights[name] : undefined;
    if (found === undefined) fail(`"${name}" is missing; expected [${shape.join(",")}]`);
    else if (found.shape.join() !== shape.join() || found.data.length !== shape[0] * shape[1])
      fail(`"${name}" is [${found.shape.join(",")}], expected [${shape.join(",")}]`);
  }
  const extra = Object.keys(weights).find((name) => !shapes.has(name));
  if (extra !== undefined) fail(`"${extra}" [${weights[extra]!.shape.join(",")}] is not among its targets`);
}
