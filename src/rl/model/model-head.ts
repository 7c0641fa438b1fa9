/** What an agent must know of a saved model, read without starting a numerics backend. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, messageOf } from "../../core/errors.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { tokenizerFromJson } from "../tokenizer/from-json.ts";
import type { ModelConfig } from "./contract.ts";

export interface ModelHead {
  readonly tokenizer: Tokenizer;
  /** Most tokens of prompt and completion together. */
  readonly maxContext: number;
  readonly history: ModelConfig["history"];
}

/** @throws ConfigError ERR_MODEL_MISSING when `directory` holds no model of ours. */
export async function readModelHead(directory: string): Promise<ModelHead> {
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
      `${directory} holds no local model (${messageOf(error)}); give a directory such as runs/NAME/weights/000060`,
      {
        code: "ERR_MODEL_MISSING",
        cause: error,
      },
    );
  }
}
