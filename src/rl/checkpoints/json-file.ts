/** JSON that others wrote: bounded, parsed, and refused by name. */
import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { messageOf, TrainerError } from "../../core/errors.ts";

/** The largest tokenizer.json published have some 30 MB. */
const maxBytes = 256 * 1024 * 1024;

/** @throws TrainerError ERR_MODEL_MISSING when it cannot be read, ERR_MODEL_CORRUPT when it does not parse. */
export async function readJsonFile<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new Error(`${path} has ${size} bytes; at most ${maxBytes} are read`);
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new TrainerError(`cannot read the checkpoint: ${messageOf(error)}`, {
      code: "ERR_MODEL_MISSING",
      cause: error,
    });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new TrainerError(`${path}: ${why}`, { code: "ERR_MODEL_CORRUPT", cause: error });
  }
}

/** As `readJsonFile`, but null where there is no such file. */
export async function readOptionalJsonFile<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    await stat(path);
  } catch {
    return null;
  }
  return readJsonFile(path, schema);
}
