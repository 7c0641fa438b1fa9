/**
 * A model as files: model.json (config, tokenizer, version), weights.safetensors, where it has one its adapter
 * (checkpoints/peft), and for a trainer optimizer.safetensors and trainer.json.
 *
 * A directory is written beside its place and renamed into it, so that a checkpoint is complete or absent.
 */
import { copyFile, link, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { loadBackend, type BackendPreference } from "../backend/load-backend.ts";
import { readJsonFile } from "../checkpoints/json-file.ts";
import { hasAdapter, readAdapter, writeAdapter } from "../checkpoints/peft/adapter.ts";
import { readSafetensors, readSafetensorsSingly, writeSafetensors } from "../checkpoints/safetensors/weight-set.ts";
import { tokenizerFromJson } from "../tokenizer/from-json.ts";
import { modelConfigSchema } from "./config.ts";
import type { LanguageModel, WeightSet } from "./contract.ts";
import { LocalModel } from "./local-model.ts";
import { ParameterStore } from "./parameter-store.ts";
import { parameterSpecs } from "./parameters.ts";

const weightsFile = "weights.safetensors";
const modelSchema = z.strictObject({
  format: z.literal("afterstate-model@1"),
  version: z.int().nonnegative(),
  config: modelConfigSchema,
  tokenizer: z.unknown(),
});

export interface LoadOptions {
  /** Default "auto". */
  readonly backend?: BackendPreference;
}

/** Model alone, atomically, replacing what was there. */
export async function saveModel(model: LanguageModel, directory: string): Promise<void> {
  await writeDirectory(directory, (temporary) => writeModelFiles(model, temporary));
}

/**
 * Starts the backend and reads a model.
 * @throws TrainerError ERR_MODEL_MISSING, ERR_MODEL_CORRUPT, ERR_WEIGHTS_*; ConfigError ERR_BACKEND_UNAVAILABLE.
 */
export async function loadModel(directory: string, options: LoadOptions = {}): Promise<LocalModel> {
  const { version, config, tokenizer } = await readJsonFile(join(directory, "model.json"), modelSchema);
  const adapter = hasAdapter(directory) ? await readAdapter(directory, config) : null;
  const { name: backend } = await loadBackend(options.backend);
  const stored = readSafetensorsSingly(join(directory, weightsFile));
  const weights = await ParameterStore.stream(parameterSpecs(config), stored);
  const model = new LocalModel({ config, tokenizer: tokenizerFromJson(tokenizer), weights, version, backend });
  if (adapter) await model.adapt(adapter.lora, adapter.weights);
  return model;
}

/** What `importWeights` takes of a saved model: of an adapted one its adapter, all else being as it was. */
export async function readWeights(directory: string): Promise<WeightSet> {
  if (!hasAdapter(directory)) return readSafetensors(join(directory, weightsFile));
  const { config } = await readJsonFile(join(directory, "model.json"), modelSchema);
  return (await readAdapter(directory, config)).weights;
}

export async function writeModelFiles(
  model: LanguageModel,
  directory: string,
  version: number = model.version,
  start?: string,
): Promise<void> {
  const { config, tokenizer } = model;
  const document = { format: "afterstate-model@1", version, config, tokenizer: tokenizer.toJSON() };
  const weights = join(directory, weightsFile);
  if (model.lora && start !== undefined) await linkOrCopy(join(start, weightsFile), weights);
  else await writeSafetensors(weights, await model.exportWeights());
  if (model.lora) await writeAdapter(directory, { lora: model.lora, weights: await model.exportAdapter() }, config);
  await writeFile(join(directory, "model.json"), `${JSON.stringify(document, null, 1)}\n`);
}

/** Not every file system has links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

/** Fills a temporary neighbour and renames it to `directory`. */
export async function writeDirectory(directory: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = join(dirname(directory), `.${basename(directory)}.${process.pid}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await fill(temporary);
    await rm(directory, { recursive: true, force: true });
    await rename(temporary, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
