/** What an agent must know of a model on disk, ours or a pretrained one, read without starting a numerics backend. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, messageOf } from "../../core/errors.ts";
import { readPretrained } from "../checkpoints/pretrained.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { tokenizerFromJson } from "../tokenizer/from-json.ts";
import type { ModelConfig } from "./contract.ts";

export interface ModelHead {
  readonly tokenizer: Tokenizer;
  /** Most tokens of prompt and completion together. */
  readonly maxContext: number;
  readonly history: ModelConfig["history"];
}

/** Whether it is a directory that we wrote. */
export function isSavedModel(path: string): boolean {
  return existsSync(join(path, "model.json"));
}

/** Whether it looks like a Hugging Face directory or a GGUF file. */
export function isPretrained(path: string): boolean {
  return path.endsWith(".gguf") ? existsSync(path) : existsSync(join(path, "config.json"));
}

/**
 * @throws ConfigError ERR_MODEL_MISSING when `path` holds no model; of a pretrained one as `readPretrained` too.
 */
export async function readModelHead(path: string): Promise<ModelHead> {
  if (isSavedModel(path) || !isPretrained(path)) return readSavedHead(path);
  const { architecture, tokenizer } = await readPretrained(path);
  return { tokenizer, maxContext: architecture.maxContext, history: "last" };
}

async function readSavedHead(directory: string): Promise<ModelHead> {
  try {
    const { tokenizer, config } = JSON.parse(await readFile(join(directory, "model.json"), "utf8")) as {
      tokenizer: unknown;
      config: Omit<ModelConfig, "history"> & Partial<Pick<ModelConfig, "history">>;
    };
    const { maxContext, history = "last" } = config;
    return { tokenizer: tokenizerFromJson(tokenizer), maxContext, history };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      `${directory} holds no local model (${messageOf(error)}); give a directory such as runs/NAME/weights/000060, a Hugging Face directory or a .gguf file`,
      {
        code: "ERR_MODEL_MISSING",
        cause: error,
      },
    );
  }
}
