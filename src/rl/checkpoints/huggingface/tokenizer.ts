/** The tokenizer of a Hugging Face model directory: tokenizer.json, tokenizer_config.json, chat_template.jinja. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { JsonObject } from "../../../core/json.ts";
import {
  createHuggingFaceTokenizer,
  tokenizerFileSchema,
  type ChatTokenizer,
} from "../../tokenizer/huggingface-tokenizer.ts";
import type { Architecture } from "../architecture.ts";
import { readJsonFile, readOptionalJsonFile } from "../json-file.ts";

const namedToken = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const configSchema = z.looseObject({
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).nullish(),
  bos_token: namedToken,
  eos_token: namedToken,
  pad_token: namedToken,
});

/**
 * Which tokens end a completion is the architecture's word (config.json), else that of tokenizer_config.json.
 * @throws TrainerError ERR_MODEL_MISSING, ERR_MODEL_CORRUPT, ERR_CHAT_TEMPLATE; ConfigError ERR_TOKENIZER
 */
export async function readTokenizer(
  directory: string,
  { vocabSize, bosId, eosIds }: Pick<Architecture, "vocabSize" | "bosId" | "eosIds">,
): Promise<ChatTokenizer> {
  const file = await readJsonFile(join(directory, "tokenizer.json"), tokenizerFileSchema);
  const config = (await readOptionalJsonFile(join(directory, "tokenizer_config.json"), configSchema)) ?? {};
  const idOf = (token: z.infer<typeof namedToken>): number | null => {
    const content = typeof token === "object" ? token?.content : token;
    if (content === undefined) return null;
    return file.added_tokens?.find((added) => added.content === content)?.id ?? file.model.vocab[content] ?? null;
  };
  const named = idOf(config.eos_token);
  return createHuggingFaceTokenizer({
    file,
    vocabSize,
    // A tokenizer that names none has none, whatever number config.json carries along (Qwen).
    bosId: config.bos_token === null ? null : (bosId ?? idOf(config.bos_token)),
    eosIds: eosIds.length > 0 ? [...eosIds] : named === null ? [] : [named],
    padId: idOf(config.pad_token),
    template: (await optionalText(join(directory, "chat_template.jinja"))) ?? templateOf(config.chat_template),
  });
}

/** Writes the same files. */
export async function writeTokenizer(directory: string, { data }: ChatTokenizer): Promise<void> {
  const { file, bosId, eosIds, padId, template } = data;
  const contents = new Map<number | null, string>(Object.entries(file.model.vocab).map(([token, id]) => [id, token]));
  for (const { id, content } of file.added_tokens ?? []) contents.set(id, content);
  const config: JsonObject = {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: contents.get(bosId) ?? null,
    eos_token: contents.get(eosIds[0]!) ?? null,
    pad_token: contents.get(padId) ?? null,
    clean_up_tokenization_spaces: false,
    ...(template !== null && { chat_template: template }),
  };
  await writeFile(join(directory, "tokenizer.json"), JSON.stringify(file));
  await writeFile(join(directory, "tokenizer_config.json"), `${JSON.stringify(config, null, 2)}\n`);
}

function templateOf(template: z.infer<typeof configSchema>["chat_template"]): string | null {
  if (!Array.isArray(template)) return template ?? null;
  return (template.find(({ name }) => name === "default") ?? template[0])?.template ?? null;
}

async function optionalText(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}
