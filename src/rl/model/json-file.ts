/** JSON that somebody wrote: parsed against a schema, or refused with a name for what is wrong. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { messageOf, TrainerError } from "../../core/errors.ts";

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
