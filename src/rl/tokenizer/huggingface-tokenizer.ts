/**
 * The tokenizer of a Hugging Face checkpoint (byte-level BPE, as Llama 3 and Qwen have it) behind our interface.
 *
 * Added tokens (special ones, and markup such as "<think>") never come from `encode`: they are not in the vocabulary that
 * text is encoded with. They come by name, or from the chat template. Where the tokenizer itself changes text (Qwen
 * normalises to NFC; UTF-8 has no lone surrogates), `decode(encode(text))` is the changed text.
 */
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { z } from "zod";
import { ConfigError, messageOf, TrainerError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Message } from "../../core/message.ts";
import { ChatTemplate, type ChatOptions, type TemplateTokens } from "./chat-template.ts";
import type { Tokenizer } from "./tokenizer.ts";

const id = z.int().nonnegative();
const addedTokenSchema = z.looseObject({
  id,
  content: z.string().min(1),
  special: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
});
/** tokenizer.json, as far as we look into it. */
export const tokenizerFileSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema).nullish(),
  normalizer: z.unknown().optional(),
  pre_tokenizer: z.unknown().optional(),
  post_processor: z.unknown().optional(),
  decoder: z.unknown().optional(),
  model: z.looseObject({
    type: z.literal("BPE", "only BPE tokenizers are supported"),
    vocab: z.record(z.string(), id),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});
const serialised = z.strictObject({
  type: z.literal("huggingface-tokenizer"),
  version: z.literal(1),
  file: tokenizerFileSchema,
  vocabSize: z.int().min(1),
  bosId: id.nullable(),
  eosIds: z.array(id).min(1),
  padId: id.nullable(),
  template: z.string().nullable(),
});
export type HuggingFaceTokenizerData = Omit<z.infer<typeof serialised>, "type" | "version">;

export interface ChatTokenizer extends Tokenizer {
  /**
   * Messages as the model was trained to read them. What they say is text: they cannot write a special token, nor, unless
   * they are the assistant's, an added one.
   * @throws TrainerError ERR_CHAT_TEMPLATE when there is no template, or it refuses the messages.
   */
  applyChatTemplate(messages: readonly Message[], options?: ChatOptions): number[];
  /** What it was made of, for writing a checkpoint. */
  readonly data: HuggingFaceTokenizerData;
}

export function isChatTokenizer(tokenizer: Tokenizer): tokenizer is ChatTokenizer {
  return "applyChatTemplate" in tokenizer;
}

/** @throws ConfigError ERR_TOKENIZER when it is of another kind, damaged, or has ids beyond `vocabSize`. */
export function createHuggingFaceTokenizer(data: HuggingFaceTokenizerData): ChatTokenizer {
  const { file, vocabSize, bosId, eosIds, padId, template: source } = data;
  const added = file.added_tokens ?? [];
  const contents = checkVocabulary(data);
  const whole = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...file };
  if (!JSON.stringify([whole.pre_tokenizer, whole.decoder]).includes('"ByteLevel"'))
    throw invalid("only byte-level BPE is supported: its pre_tokenizer and decoder name no ByteLevel");
  const [reader, writer] = atLibrary(() => {
    const specials = new Set(added.map(({ content }) => content));
    const vocab = Object.fromEntries(Object.entries(file.model.vocab).filter(([token]) => !specials.has(token)));
    return [
      new Library({ ...whole, added_tokens: added }, {}),
      new Library({ ...whole, added_tokens: [], model: { ...file.model, vocab } }, {}),
    ];
  });
  const template = source === null ? null : new ChatTemplate(source);
  const byContent = new Map(added.map((token) => [token.content, token]));
  const byId = new Map(added.map((token) => [token.id, token]));
  const cutter = cutterOf([...byContent.keys()]);
  const contentOf = (tokenId: number | null) => (tokenId === null ? undefined : contents.get(tokenId));
  const templateTokens: TemplateTokens = {
    named: Object.fromEntries(
      Object.entries({ bos_token: contentOf(bosId), eos_token: contentOf(eosIds[0]!), pad_token: contentOf(padId) })
        // A template that names a token which is not there gets nothing to write.
        .map(([name, content]) => [name, content ?? ""]),
    ),
    control: added.filter(({ special }) => special).map(({ content }) => content),
    markup: added.filter(({ special }) => !special).map(({ content }) => content),
  };

  const encode = (text: string): number[] => {
    if (text === "") return [];
    const ids: number[] = writer.encode(text, { add_special_tokens: false }).ids;
    if (ids.some((tokenId) => !Number.isInteger(tokenId)))
      throw new TrainerError("the tokenizer has no token for a byte of the text", { code: "ERR_TOKEN_UNKNOWN" });
    return ids;
  };
  const known = (tokenId: number): void => {
    if (!Number.isInteger(tokenId) || tokenId < 0 || tokenId >= vocabSize)
      throw new TrainerError(`token ${tokenId} is not in the vocabulary of ${vocabSize}`, {
        code: "ERR_TOKEN_UNKNOWN",
      });
  };
  const decode = (ids: readonly number[]): string => {
    ids.forEach(known);
    let text = "";
    let run: number[] = [];
    const flush = () => {
      if (run.length > 0) text += reader.decode(run, { clean_up_tokenization_spaces: false });
      run = [];
    };
    for (const tokenId of ids)
      if (contents.has(tokenId)) run.push(tokenId);
      else {
        // The model has more rows than the tokenizer has tokens, and may well sample one.
        flush();
        text += "\ufffd";
      }
    flush();
    return text;
  };

  return {
    vocabSize,
    padId: padId ?? eosIds[0]!,
    // Where no token begins a sequence, the one that separates them does.
    bosId: bosId ?? eosIds[0]!,
    eosId: eosIds[0]!,
    eosIds,
    data,
    encode,
    decode,
    special(name) {
      const token = byContent.get(name);
      if (token === undefined)
        throw new TrainerError(`the tokenizer has no special token "${name}"`, { code: "ERR_TOKEN_UNKNOWN" });
      return token.id;
    },
    isSpecial: (tokenId) => byId.has(tokenId) || !contents.has(tokenId),
    tokenText: (tokenId) => decode([tokenId]),
    applyChatTemplate(messages, options = {}) {
      if (template === null)
        throw new TrainerError("the checkpoint has no chat template", { code: "ERR_CHAT_TEMPLATE" });
      const { text, marker } = template.render(messages, templateTokens, options);
      const parts = text.split(cutter);
      return parts.flatMap((part, i) => {
        const token = byContent.get(part);
        if (token !== undefined) return [token.id];
        let plain = part.replaceAll(marker, "");
        if (byContent.get(parts[i - 1] ?? "")?.rstrip) plain = plain.trimStart();
        if (byContent.get(parts[i + 1] ?? "")?.lstrip) plain = plain.trimEnd();
        return encode(plain);
      });
    },
    toJSON: () => ({ type: "huggingface-tokenizer", version: 1, ...data }) as JsonObject,
  };
}

/** Inverse of `toJSON`. @throws ConfigError ERR_TOKENIZER */
export function huggingFaceTokenizerFromJson(value: unknown): ChatTokenizer {
  const parsed = serialised.safeParse(value);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { type: _, version: __, ...data } = parsed.data;
  return createHuggingFaceTokenizer(data);
}

/** Token by id. */
function checkVocabulary({ file, vocabSize, bosId, eosIds, padId }: HuggingFaceTokenizerData): Map<number, string> {
  const contents = new Map<number, string>();
  const all = [
    ...Object.entries(file.model.vocab),
    ...(file.added_tokens ?? []).map((token) => [token.content, token.id] as const),
  ];
  for (const [content, tokenId] of all) {
    if (tokenId >= vocabSize)
      throw invalid(`token "${content}" has id ${tokenId}, beyond the model's vocabulary of ${vocabSize}`);
    const other = contents.get(tokenId);
    if (other !== undefined && other !== content) throw invalid(`"${other}" and "${content}" share id ${tokenId}`);
    contents.set(tokenId, content);
  }
  if (eosIds.length === 0) throw invalid("no token ends a completion: neither its files nor config.json name one");
  for (const tokenId of [bosId, padId, ...eosIds])
    if (tokenId !== null && tokenId >= vocabSize)
      throw invalid(`special token ${tokenId} is beyond the model's vocabulary of ${vocabSize}`);
  return contents;
}

/** Cuts text at tokens, which it keeps; the longest where several begin. */
function cutterOf(tokens: readonly string[]): RegExp {
  const escaped = [...tokens]
    .sort((a, b) => b.length - a.length)
    .map((token) => token.replace(/[$()*+./?[\\\]^{|}-]/g, "\\$&"));
  // Without tokens: what matches nowhere.
  return escaped.length === 0 ? /(?!)/ : new RegExp(`(${escaped.join("|")})`);
}

function atLibrary<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
}

function invalid(why: string, cause?: unknown): ConfigError {
  return new ConfigError(`not a tokenizer that we can use: ${why}`, { code: "ERR_TOKENIZER", cause });
}
