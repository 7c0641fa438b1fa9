/**
 * A model as files: model.json (config, tokenizer, version), weights.safetensors, where it has one its adapter
 * (checkpoints/peft), and for a trainer optimizer.safetensors and trainer.json.
 *
 * A directory is written beside its place and renamed into it, so that a checkpoint is complete or absent.
 */
import { link, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { TrainerError } from "../../core/errors.ts";
import { loadBackend, type BackendPreference } from "../backend/load-backend.ts";
import { readJsonFile } from "../checkpoints/json-file.ts";
import { hasAdapter, readAdapter, writeAdapter } from "../checkpoints/peft/adapter.ts";
import { readSafetensors, readSafetensorsSingly, writeSafetensors } from "../checkpoints/safetensors/weight-set.ts";
import type { NamedTensor } from "../checkpoints/tensors.ts";
import { tokenizerFromJson } from "../tokenizer/from-json.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { modelConfigSchema } from "./config.ts";
import type { LoraConfig, ModelConfig, WeightSet } from "./contract.ts";
import { LocalModel } from "./local-model.ts";
import { initialAdapter } from "./lora.ts";
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
export async function saveModel(model: LocalModel, directory: string): Promise<void> {
  await writeModelDirectory(model, directory, model.version, async () => undefined);
}

/** The same as another version, with what `fill` adds. */
export async function writeModelDirectory(
  model: LocalModel,
  directory: string,
  version: number,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  await writeDirectory(directory, async (temporary) => {
    await writeModelFiles(model, temporary, version);
    await fill(temporary);
  });
  model.weights.file = join(directory, weightsFile);
}

/** What a saved model says of itself, without a numerics backend. */
export interface SavedModel {
  readonly version: number;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
}

/** @throws TrainerError ERR_MODEL_MISSING, ERR_MODEL_CORRUPT; ConfigError ERR_TOKENIZER */
export async function readSavedModel(directory: string): Promise<SavedModel> {
  const { version, config, tokenizer } = await readJsonFile(join(directory, "model.json"), modelSchema);
  return { version, config, tokenizer: tokenizerFromJson(tokenizer) };
}

/** Its parameters one at a time, without its adapter's. @throws TrainerError ERR_WEIGHTS_MISSING, ERR_WEIGHTS_CORRUPT */
export function savedParameters(directory: string): AsyncGenerator<NamedTensor> {
  return readSafetensorsSingly(join(directory, weightsFile));
}

/**
 * Starts the backend and reads a model.
 * @throws TrainerError ERR_MODEL_MISSING, ERR_MODEL_CORRUPT, ERR_WEIGHTS_*; ConfigError ERR_BACKEND_UNAVAILABLE.
 */
export async function loadModel(directory: string, options: LoadOptions = {}): Promise<LocalModel> {
  const { version, config, tokenizer } = await readSavedModel(directory);
  const adapter = hasAdapter(directory) ? await readAdapter(directory, config) : null;
  const { name: backend } = await loadBackend(options.backend);
  const weights = await ParameterStore.stream(parameterSpecs(config), savedParameters(directory));
  const model = new LocalModel({ config, tokenizer, weights, version, backend });
  if (adapter) await model.adapt(adapter.lora, adapter.weights);
  model.weights.file = join(directory, weightsFile);
  return model;
}

/**
 * Puts a fresh adapter, which changes nothing yet, on a saved model.
 * @throws TrainerError ERR_LORA_CONFIG when it has another one already, and as `loadModel`.
 */
export async function addAdapter(directory: string, lora: LoraConfig, seed: number): Promise<void> {
  const { config } = await readJsonFile(join(directory, "model.json"), modelSchema);
  if (!hasAdapter(directory))
    return writeAdapter(directory, { lora, weights: initialAdapter(config, lora, seed) }, config);
  const { lora: own } = await readAdapter(directory, config);
  // Files have the targets in an order of their own.
  const sorted = ({ rank, alpha, targets }: LoraConfig) => JSON.stringify([rank, alpha, [...targets].sort()]);
  if (sorted(own) !== sorted(lora))
    throw new TrainerError(`${directory} has an adapter already, ${JSON.stringify(own)}; train that one on`, {
      code: "ERR_LORA_CONFIG",
    });
}

/** What `importWeights` takes of a saved model: of an adapted one its adapter, all else being as it was. */
export async function readWeights(directory: string): Promise<WeightSet> {
  if (!hasAdapter(directory)) return readSafetensors(join(directory, weightsFile));
  const { config } = await readJsonFile(join(directory, "model.json"), modelSchema);
  return (await readAdapter(directory, config)).weights;
}

async function writeModelFiles(model: LocalModel, directory: string, version: number): Promise<void> {
  const { config, tokenizer } = model;
  const document = { format: "afterstate-model@1", version, config, tokenizer: tokenizer.toJSON() };
  await writeOwnWeights(model, join(directory, weightsFile));
  if (model.lora) await writeAdapter(directory, { lora: model.lora, weights: await model.exportAdapter() }, config);
  await writeFile(join(directory, "model.json"), `${JSON.stringify(document, null, 1)}\n`);
}

/** Frozen weights of which there is a file already get a second name: files of weights are never written in place. */
async function writeOwnWeights(model: LocalModel, path: string): Promise<void> {
  const { file } = model.weights;
  if (model.lora && file !== null) {
    const linked = await link(file, path).then(
      () => true,
      // Gone, or on another file system.
      () => false,
    );
    if (linked) return;
  }
  await writeSafetensors(path, await model.exportWeights());
}

/** Fills a temporary neighbour and renames it to `directory`. */
async function writeDirectory(directory: string, fill: (temporary: string) => Promise<void>): Promise<void> {
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
