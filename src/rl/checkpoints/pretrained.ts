/** A whole pretrained model, whichever way it lies on disk: what it is, how it reads text, and its weights. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, TrainerError } from "../../core/errors.ts";
import type { ChatTokenizer } from "../tokenizer/huggingface-tokenizer.ts";
import type { Architecture } from "./architecture.ts";
import { readGgufArchitecture } from "./gguf/architecture.ts";
import { GgufFile } from "./gguf/reader.ts";
import { readGgufTokenizer } from "./gguf/tokenizer.ts";
import { readGgufParameters } from "./gguf/weights.ts";
import { readConfig, writeConfig } from "./huggingface/config.ts";
import { readTokenizer, writeTokenizer } from "./huggingface/tokenizer.ts";
import { readParameters, writeParameters, type WriteOptions } from "./huggingface/weights.ts";
import type { NamedTensor } from "./tensors.ts";

export interface PretrainedModel {
  readonly architecture: Architecture;
  readonly tokenizer: ChatTokenizer;
  /** One at a time, in our order, as float32. Each call reads the files anew. */
  readonly parameters: () => AsyncIterable<NamedTensor>;
}

/**
 * @param path a Hugging Face directory, or a GGUF file.
 * @throws TrainerError ERR_MODEL_MISSING, ERR_MODEL_CORRUPT, ERR_MODEL_CONFIG, ERR_WEIGHTS_*, ERR_CHAT_TEMPLATE,
 *   ERR_CHECKPOINT_UNSUPPORTED; ConfigError ERR_TOKENIZER
 */
export async function readPretrained(path: string): Promise<PretrainedModel> {
  if (await isDirectory(path)) {
    const architecture = await readConfig(path);
    const tokenizer = await readTokenizer(path, architecture);
    return { architecture, tokenizer, parameters: () => readParameters(path, architecture) };
  }
  await using file = await GgufFile.open(path);
  const architecture = await readGgufArchitecture(file);
  const tokenizer = readGgufTokenizer(file, architecture);
  return {
    architecture,
    tokenizer,
    async *parameters() {
      await using again = await GgufFile.open(path);
      yield* readGgufParameters(again, architecture);
    },
  };
}

/**
 * Writes a Hugging Face directory, which transformers reads: config.json, tokenizer, weights. The directory exists and
 * holds no weights.
 * @throws TrainerError ERR_WEIGHTS_MISMATCH, ERR_CHECKPOINT_EXISTS
 */
export async function writePretrained(
  directory: string,
  { architecture, tokenizer, parameters }: PretrainedModel,
  options: WriteOptions = {},
): Promise<void> {
  await writeParameters(directory, architecture, parameters(), options);
  await writeTokenizer(directory, tokenizer);
  // Last: a directory that has it is complete.
  await writeConfig(directory, architecture, options.type ?? "F32");
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const what = join(path, "config.json");
    throw new TrainerError(`there is neither ${what} nor a GGUF file at ${path}: ${messageOf(error)}`, {
      code: "ERR_MODEL_MISSING",
      cause: error,
    });
  }
}
