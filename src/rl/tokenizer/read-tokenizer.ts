/** The tokenizer of a saved model, read without starting a numerics backend. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, messageOf } from "../../core/errors.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { tokenizerFromJson } from "./word-tokenizer.ts";

/** @throws ConfigError ERR_MODEL_MISSING when `directory` holds no model of ours. */
export async function readTokenizer(directory: string): Promise<Tokenizer> {
  try {
    const { tokenizer } = JSON.parse(await readFile(join(directory, "model.json"), "utf8")) as { tokenizer: unknown };
    return tokenizerFromJson(tokenizer);
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
