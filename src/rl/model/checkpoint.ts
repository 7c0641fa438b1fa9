/**
 * A model as files: model.json (config, tokenizer, version), weights.safetensors, and for a trainer
 * optimizer.safetensors and trainer.json.
 *
 * A directory is written beside its place and renamed into it, so that a checkpoint is complete or absent.
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { messageOf, TrainerError } from "../../core/errors.ts";
import { loadBackend, type BackendPreference } from "../backend/load-backend.ts";
import { tokenizerFromJson } from "../tokenizer/from-json.ts";
import type { LanguageModel, ModelConfig, WeightSet } from "./contract.ts";
import { LocalModel } from "./local-model.ts";
import { readSafetensors, writeSafetensors } from "../checkpoints/safetensors/weight-set.ts";

const positive = z.int().min(1);
export const modelConfigSchema: z.ZodType<ModelConfig> = z.strictObject({
  vocabSize: positive,
  dModel: positive,
  layers: positive,
  heads: positive,
  ffn: positive,
  maxContext: positive,
  copyHead: z.boolean(),
  tiedHead: z.boolean(),
  history: z.enum(["last", "all"]).default("last"),
});
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
  const { version, config, tokenizer } = await readJson(join(directory, "model.json"), modelSchema);
  const weights = await readWeights(directory);
  const backend = await loadBackend(options.backend);
  return new LocalModel({ config, tokenizer: tokenizerFromJson(tokenizer), weights, version, backend: backend.name });
}

/** The weights of a saved model, for `importWeights`. */
export async function readWeights(directory: string): Promise<WeightSet> {
  return readSafetensors(join(directory, "weights.safetensors"));
}

export async function writeModelFiles(
  model: LanguageModel,
  directory: string,
  version: number = model.version,
): Promise<void> {
  const { config, tokenizer } = model;
  const document = { format: "afterstate-model@1", version, config, tokenizer: tokenizer.toJSON() };
  await writeSafetensors(join(directory, "weights.safetensors"), await model.exportWeights());
  await writeFile(join(directory, "model.json"), `${JSON.stringify(document, null, 1)}\n`);
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

/** @throws TrainerError ERR_MODEL_MISSING when it cannot be read, ERR_MODEL_CORRUPT when it does not parse. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new TrainerError(`cannot read the model: ${messageOf(error)}`, { code: "ERR_MODEL_MISSING", cause: error });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new TrainerError(`${path} is not a model of ours: ${why}`, { code: "ERR_MODEL_CORRUPT", cause: error });
  }
}
