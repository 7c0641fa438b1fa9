/**
 * Word-level tokenizer with a byte fallback.
 *
 * Ids: special tokens first (<pad>, <bos>, <eos>, then the caller's), then 256 bytes, then words. Decoding is
 * concatenation; spaces are tokens of their own, or the head of a punctuation token. What is not in the vocabulary is
 * spelled in bytes. Lone surrogates, which UTF-8 cannot hold, are
 * written as the three bytes that WTF-8 gives them.
 */
import { z } from "zod";
import { ConfigError, TrainerError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { splitText } from "./split.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { fromWtf8, toWtf8 } from "./wtf8.ts";

const reserved = ["<pad>", "<bos>", "<eos>"] as const;
const serialised = z.strictObject({
  type: z.literal("word-tokenizer"),
  version: z.literal(1),
  specials: z.array(z.string()),
  words: z.array(z.string()),
});

/**
 * @param words pieces as `splitText` gives them, in order of id; duplicates and single bytes are dropped.
 * @param specials structural tokens in angle brackets, without <pad>, <bos> and <eos>, which always exist.
 * @throws ConfigError ERR_TOKENIZER when a special is malformed or doubled.
 */
export function createTokenizer(words: readonly string[], specials: readonly string[]): Tokenizer {
  const names = [...reserved, ...specials];
  for (const name of names)
    if (!/^<[^<>\s]+>$/.test(name))
      throw new ConfigError(`special token "${name}" must read "<name>"`, { code: "ERR_TOKENIZER" });
  if (new Set(names).size !== names.length)
    throw new ConfigError(`special tokens are doubled: ${specials.join(" ")}`, { code: "ERR_TOKENIZER" });

  const specialIds = new Map(names.map((name, id) => [name, id]));
  const firstByte = names.length;
  const firstWord = firstByte + 256;
  const vocabulary = [...new Set(words)].filter((word) => word !== "" && toWtf8(word).length > 1);
  const wordIds = new Map(vocabulary.map((word, index) => [word, firstWord + index]));
  const vocabSize = firstWord + vocabulary.length;

  const bytesOf = (text: string): number[] => [...toWtf8(text)].map((byte) => firstByte + byte);
  const encodePiece = (text: string): number[] => {
    const whole = wordIds.get(text);
    if (whole !== undefined) return [whole];
    // Unknown punctuation after a space: the space, then the punctuation if that is known bare, else its bytes.
    const bare = text.length > 1 && text.startsWith(" ") ? wordIds.get(text.slice(1)) : undefined;
    return bare === undefined ? bytesOf(text) : [...bytesOf(" "), bare];
  };
  const known = (id: number): void => {
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize)
      throw new TrainerError(`token ${id} is not in the vocabulary of ${vocabSize}`, { code: "ERR_TOKEN_UNKNOWN" });
  };

  const decode = (ids: readonly number[]): string => {
    let text = "";
    let bytes: number[] = [];
    const flush = () => {
      if (bytes.length > 0) text += fromWtf8(bytes);
      bytes = [];
    };
    for (const id of ids) {
      known(id);
      if (id >= firstByte && id < firstWord) bytes.push(id - firstByte);
      else {
        flush();
        text += id < firstByte ? names[id]! : vocabulary[id - firstWord]!;
      }
    }
    flush();
    return text;
  };

  return {
    vocabSize,
    padId: 0,
    bosId: 1,
    eosId: 2,
    eosIds: [2],
    encode: (text) => splitText(text).flatMap(encodePiece),
    decode,
    special(name) {
      const id = specialIds.get(name);
      if (id === undefined)
        throw new TrainerError(`the tokenizer has no special token "${name}"; it has ${names.join(" ")}`, {
          code: "ERR_TOKEN_UNKNOWN",
        });
      return id;
    },
    isSpecial: (id) => id >= 0 && id < firstByte,
    tokenText: (id) => {
      known(id);
      return id >= firstByte && id < firstWord ? `<0x${(id - firstByte).toString(16).padStart(2, "0")}>` : decode([id]);
    },
    toJSON: (): JsonObject => ({ type: "word-tokenizer", version: 1, specials: [...specials], words: vocabulary }),
  };
}

/** Inverse of `toJSON`. @throws ConfigError ERR_TOKENIZER */
export function wordTokenizerFromJson(value: unknown): Tokenizer {
  const parsed = serialised.safeParse(value);
  if (!parsed.success)
    throw new ConfigError(`not a tokenizer: ${z.prettifyError(parsed.error)}`, { code: "ERR_TOKENIZER" });
  return createTokenizer(parsed.data.words, parsed.data.specials);
}
