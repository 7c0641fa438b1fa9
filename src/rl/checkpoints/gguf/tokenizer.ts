/**
 * Tokenizers as GGUF metadata. llama.cpp knows pre-tokenizers by name only, so those of our architectures are recognised
 * by what they do; the names and patterns are llama.cpp's (src/llama-vocab.cpp).
 */
import { TrainerError } from "../../../core/errors.ts";
import {
  createHuggingFaceTokenizer,
  type ChatTokenizer,
  type HuggingFaceTokenizerData,
} from "../../tokenizer/huggingface-tokenizer.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { Architecture } from "../architecture.ts";
import type { TypedValue } from "./metadata.ts";
import type { GgufFile } from "./reader.ts";

/** ggml's `llama_token_type`. */
const tokenTypes = { normal: 1, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** What cuts text before the merges: patterns in order, "digits" for single digits, "gpt2" for ByteLevel's own pattern. */
interface PreTokenizer {
  readonly name: string;
  readonly steps: readonly string[];
  /** A piece that is a token stays whole, whatever the merges say. */
  readonly ignoreMerges: boolean;
  readonly normalizer: { readonly type: string } | null;
}
const words = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|`;
const rest = String.raw`| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const preTokenizers: readonly PreTokenizer[] = [
  { name: "gpt-2", steps: ["gpt2"], ignoreMerges: false, normalizer: null },
  { name: "smollm", steps: ["digits", "gpt2"], ignoreMerges: false, normalizer: null },
  { name: "llama-bpe", steps: [String.raw`${words}\p{N}{1,3}${rest}`], ignoreMerges: true, normalizer: null },
  { name: "qwen2", steps: [String.raw`${words}\p{N}${rest}`], ignoreMerges: false, normalizer: { type: "NFC" } },
];

/**
 * Metadata for `writeGguf`. A Hugging Face tokenizer goes on to encode and decode as before. Our word tokenizer goes in
 * as a list of tokens: llama.cpp then spells them in its output, but its own encoding of text is not ours.
 * @throws TrainerError ERR_CHECKPOINT_UNSUPPORTED when llama.cpp has no name for what the tokenizer does.
 */
export function ggufTokenizer(tokenizer: Tokenizer, vocabSize: number): Map<string, TypedValue> {
  return "data" in tokenizer ? bpe((tokenizer as ChatTokenizer).data, vocabSize) : tokenList(tokenizer, vocabSize);
}

/** @throws TrainerError ERR_CHECKPOINT_UNSUPPORTED, ERR_MODEL_CORRUPT; ConfigError ERR_TOKENIZER */
export function readGgufTokenizer(
  { metadata, path }: GgufFile,
  { vocabSize, bosId, eosIds }: Pick<Architecture, "vocabSize" | "bosId" | "eosIds">,
): ChatTokenizer {
  const fail = (why: string, code = "ERR_CHECKPOINT_UNSUPPORTED"): never => {
    throw new TrainerError(`${path}: ${why}`, { code });
  };
  const list = <T>(key: string, isItem: (value: unknown) => value is T): T[] => {
    const value = metadata.get(key);
    if (Array.isArray(value) && value.every(isItem)) return value;
    return fail(`${key} is missing or of another type`, "ERR_MODEL_CORRUPT");
  };
  const isText = (value: unknown) => typeof value === "string";
  const isNumber = (value: unknown) => typeof value === "number";
  const model = metadata.get("tokenizer.ggml.model");
  if (model !== "gpt2") fail(`tokenizer.ggml.model is ${JSON.stringify(model)}; supported: "gpt2"`);
  const pre = metadata.get("tokenizer.ggml.pre");
  const known =
    preTokenizers.find(({ name }) => name === pre) ??
    fail(
      `tokenizer.ggml.pre is ${JSON.stringify(pre)}; supported: ${preTokenizers.map(({ name }) => name).join(", ")}`,
    );
  const tokens = list("tokenizer.ggml.tokens", isText);
  const types = list("tokenizer.ggml.token_type", isNumber);
  const typed = tokens.map((content, id) => ({ content, id, type: types[id] ?? tokenTypes.normal }));
  const added = typed.filter(({ type }) => type === tokenTypes.control || type === tokenTypes.userDefined);
  const padId = metadata.get("tokenizer.ggml.padding_token_id");
  const template = metadata.get("tokenizer.chat_template");
  return createHuggingFaceTokenizer({
    file: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: added.map(({ content, id, type }) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: type === tokenTypes.control,
      })),
      normalizer: known.normalizer,
      pre_tokenizer: { type: "Sequence", pretokenizers: known.steps.map(preTokenizerOf).concat(bytesAfter(known)) },
      post_processor: null,
      decoder: byteLevel(false),
      model: {
        type: "BPE",
        ignore_merges: known.ignoreMerges,
        vocab: Object.fromEntries(
          typed.filter(({ type }) => type === tokenTypes.normal).map(({ content, id }) => [content, id]),
        ),
        merges: list("tokenizer.ggml.merges", isText),
      },
    },
    vocabSize,
    bosId,
    eosIds: [...eosIds],
    padId: typeof padId === "number" ? padId : null,
    template: typeof template === "string" ? template : null,
  });
}

function bpe(data: HuggingFaceTokenizerData, vocabSize: number): Map<string, TypedValue> {
  const { file, template, bosId, padId } = data;
  const steps = stepsOf(file.pre_tokenizer);
  const ignoreMerges = file.model["ignore_merges"] ?? false;
  const known = preTokenizers.find((pre) => pre.steps.join("\n") === steps.join("\n"));
  if (known === undefined || known.ignoreMerges !== ignoreMerges)
    throw new TrainerError(
      `llama.cpp is not known to cut text by ${JSON.stringify(steps)}${ignoreMerges ? " with ignore_merges" : ""}; ` +
        `supported: ${preTokenizers.map(({ name }) => name).join(", ")}`,
      { code: "ERR_CHECKPOINT_UNSUPPORTED" },
    );
  const added = new Map((file.added_tokens ?? []).map((token) => [token.id, token]));
  const contents = new Map(Object.entries(file.model.vocab).map(([content, id]) => [id, content]));
  const tokens: string[] = [];
  const types: number[] = [];
  for (let id = 0; id < vocabSize; id++) {
    const token = added.get(id);
    const content = token?.content ?? contents.get(id);
    // llama.cpp wants a distinct token for each row of the embedding.
    tokens.push(content ?? `[PAD${id}]`);
    if (token) types.push(token.special ? tokenTypes.control : tokenTypes.userDefined);
    else types.push(content === undefined ? tokenTypes.unused : tokenTypes.normal);
  }
  const bos = bosId === null ? undefined : (added.get(bosId)?.content ?? contents.get(bosId));
  const addBos = bos !== undefined && JSON.stringify(file.post_processor ?? null).includes(JSON.stringify(bos));
  const merges = file.model.merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" ")));
  return new Map<string, TypedValue>([
    ["tokenizer.ggml.model", { type: "string", value: "gpt2" }],
    ["tokenizer.ggml.pre", { type: "string", value: known.name }],
    ["tokenizer.ggml.tokens", { type: "strings", value: tokens }],
    ["tokenizer.ggml.token_type", { type: "i32s", value: types }],
    ["tokenizer.ggml.merges", { type: "strings", value: merges }],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: addBos }],
    ...idEntry("padding", padId),
    ...(template === null ? [] : [["tokenizer.chat_template", { type: "string", value: template }] as const]),
  ]);
}

function tokenList(tokenizer: Tokenizer, vocabSize: number): Map<string, TypedValue> {
  const tokens: string[] = [];
  const types: number[] = [];
  for (let id = 0; id < vocabSize; id++) {
    const text = id < tokenizer.vocabSize ? tokenizer.tokenText(id) : `[PAD${id}]`;
    const isByte = /^<0x[\dA-Fa-f]{2}>$/.test(text);
    // SentencePiece's spelling: bytes in capitals, a space as U+2581.
    tokens.push(isByte ? `<0x${text.slice(3, 5).toUpperCase()}>` : text.replaceAll(" ", "\u2581"));
    if (id >= tokenizer.vocabSize) types.push(tokenTypes.unused);
    else if (tokenizer.isSpecial(id)) types.push(tokenTypes.control);
    else types.push(isByte ? tokenTypes.byte : tokenTypes.normal);
  }
  return new Map<string, TypedValue>([
    ["tokenizer.ggml.model", { type: "string", value: "llama" }],
    ["tokenizer.ggml.pre", { type: "string", value: "default" }],
    ["tokenizer.ggml.tokens", { type: "strings", value: tokens }],
    ["tokenizer.ggml.scores", { type: "f32s", value: tokens.map(() => 0) }],
    ["tokenizer.ggml.token_type", { type: "i32s", value: types }],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: false }],
    ["tokenizer.ggml.add_space_prefix", { type: "bool", value: false }],
    ...idEntry("padding", tokenizer.padId),
  ]);
}

function idEntry(name: string, id: number | null): (readonly [string, TypedValue])[] {
  return id === null ? [] : [[`tokenizer.ggml.${name}_token_id`, { type: "u32", value: id }]];
}

/** What tokenizer.json's pre_tokenizer does. */
function stepsOf(preTokenizer: unknown): string[] {
  const { type, pretokenizers, pattern, behavior, individual_digits, use_regex } = (preTokenizer ?? {}) as {
    readonly [key: string]: unknown;
  };
  if (type === "Sequence" && Array.isArray(pretokenizers)) return pretokenizers.flatMap(stepsOf);
  if (type === "ByteLevel") return use_regex === false ? [] : ["gpt2"];
  if (type === "Digits" && individual_digits === true) return ["digits"];
  const regex = (pattern as { readonly Regex?: unknown } | undefined)?.Regex;
  if (type === "Split" && behavior === "Isolated" && typeof regex === "string") return [regex];
  return [JSON.stringify(preTokenizer)];
}

function preTokenizerOf(step: string): object {
  if (step === "gpt2") return byteLevel(true);
  if (step === "digits") return { type: "Digits", individual_digits: true };
  return { type: "Split", pattern: { Regex: step }, behavior: "Isolated", invert: false };
}

/** A pattern of its own leaves the bytes to be spelled. */
function bytesAfter({ steps }: PreTokenizer): object[] {
  return steps.includes("gpt2") ? [] : [byteLevel(false)];
}

function byteLevel(useRegex: boolean): object {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
}
