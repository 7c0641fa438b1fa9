/** Any tokenizer of ours from what its `toJSON` gave. */
import { huggingFaceTokenizerFromJson } from "./huggingface-tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { wordTokenizerFromJson } from "./word-tokenizer.ts";

/** @throws ConfigError ERR_TOKENIZER */
export function tokenizerFromJson(value: unknown): Tokenizer {
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : null;
  return type === "huggingface-tokenizer" ? huggingFaceTokenizerFromJson(value) : wordTokenizerFromJson(value);
}
