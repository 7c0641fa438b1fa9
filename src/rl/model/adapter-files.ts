/**
 * An adapter as the two files that Hugging Face's PEFT reads and writes: adapter_config.json and
 * adapter_model.safetensors. A model's directory may hold them beside its own.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { loraTargets, type LoraConfig, type WeightSet } from "./contract.ts";
import { readJson } from "./json-file.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

export interface Adapter {
  readonly lora: LoraConfig;
  readonly weights: WeightSet;
}

const configFile = "adapter_config.json";
const weightsFile = "adapter_model.safetensors";

/** As PEFT has it: loose, but for what would change what the adapter adds. */
const peftSchema = z.object({
  peft_type: z.literal("LORA"),
  r: z.int().min(1),
  lora_alpha: z.number().positive(),
  target_modules: z.array(z.enum(loraTargets)).min(1),
  bias: z.literal("none").nullish(),
  use_rslora: z.literal(false).nullish(),
  use_dora: z.literal(false).nullish(),
  modules_to_save: z.array(z.never()).nullish(),
  layers_to_transform: z.null().optional(),
  rank_pattern: z.record(z.string(), z.never()).nullish(),
  alpha_pattern: z.record(z.string(), z.never()).nullish(),
});

export async function writeAdapter(directory: string, { lora, weights }: Adapter): Promise<void> {
  const document = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: null,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: 0,
    target_modules: lora.targets,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
  };
  await writeSafetensors(join(directory, weightsFile), weights);
  await writeFile(join(directory, configFile), `${JSON.stringify(document, null, 1)}\n`);
}

/**
 * Null where the directory holds no adapter.
 * @throws TrainerError ERR_MODEL_CORRUPT when it is one that we cannot apply, ERR_WEIGHTS_*
 */
export async function readAdapter(directory: string): Promise<Adapter | null> {
  if (!existsSync(join(directory, configFile))) return null;
  const { r, lora_alpha, target_modules } = await readJson(join(directory, configFile), peftSchema);
  const weights = await readSafetensors(join(directory, weightsFile));
  return { lora: { rank: r, alpha: lora_alpha, targets: target_modules }, weights };
}
