import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GgufFile } from "../../../../src/rl/checkpoints/gguf/reader.ts";
import { ggufTokenizer, readGgufTokenizer } from "../../../../src/rl/checkpoints/gguf/tokenizer.ts";
import { createGguf } from "../../../../src/rl/checkpoints/gguf/writer.ts";
import {
  createHuggingFaceTokenizer,
  type HuggingFaceTokenizerData,
} from "../../../../src/rl/tokenizer/huggingface-tokenizer.ts";
import type { Tokenizer } from "../../../../src/rl/tokenizer/tokenizer.ts";
import { createTokenizer } from "../../../../src/rl/tokenizer/word-tokenizer.ts";
import { chatMl, tinyBpe } from "../../tokenizer/tiny-bpe.ts";

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-gguf-"));
  path = join(directory, "tokenizer.gguf");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function written(tokenizer: Tokenizer, vocabSize: number): Promise<GgufFile> {
  {
    await using sink = await createGguf(path, ggufTokenizer(tokenizer, vocabSize), []);
    await sink.commit();
  }
  return GgufFile.open(path);
}
const ids = { vocabSize: 272, bosId: null, eosIds: [263, 261] };

const byteLevel = (use_regex: boolean) => ({ type: "ByteLevel", add_prefix_space: false, use_regex });
const split = (digits: string) => ({
  type: "Split",
  pattern: {
    Regex:
      String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|` +
      String.raw`\s+(?!\S)|\s+`,
  },
  behavior: "Isolated",
  invert: false,
});
const sequence = (...pretokenizers: object[]) => ({ type: "Sequence", pretokenizers });
const data = (pre_tokenizer: object, change: object = {}, model: object = {}): HuggingFaceTokenizerData => {
  const { file, ...rest } = tinyBpe();
  return { ...rest, file: { ...file, pre_tokenizer, ...change, model: { ...file.model, ...model } } };
};

describe("a tokenizer in GGUF", () => {
  it.each([
    ["gpt-2", data(byteLevel(true))],
    ["smollm", data(sequence({ type: "Digits", individual_digits: true }, byteLevel(true)))],
    ["llama-bpe", data(sequence(split(String.raw`\p{N}{1,3}`), byteLevel(false)), {}, { ignore_merges: true })],
    ["qwen2", data(sequence(split(String.raw`\p{N}`), byteLevel(false)), { normalizer: { type: "NFC" } })],
  ])("has llama.cpp's name for what it does, %s, and comes back", async (name, of) => {
    const tokenizer = createHuggingFaceTokenizer(of);
    await using file = await written(tokenizer, 272);
    expect(file.metadata.get("tokenizer.ggml.pre")).toBe(name);
    const back = readGgufTokenizer(file, ids);
    for (const text of ["hello world", "hell 12345 don't\n\n  x", "é <|im_end|> <think>", "e\u0301 I'LL"])
      expect(back.encode(text)).toEqual(tokenizer.encode(text));
    const messages = [{ role: "user", content: "hello" }] as const;
    expect(back.applyChatTemplate(messages)).toEqual(tokenizer.applyChatTemplate(messages));
    expect(back.decode([262, 259, 263])).toBe("<|im_start|>hello<|im_end|>");
  });

  it("lists every row of the embedding: tokens, control, markup, and rows without a token", async () => {
    await using file = await written(createHuggingFaceTokenizer(tinyBpe({ bosId: 261 })), 272);
    const tokens = file.metadata.get("tokenizer.ggml.tokens") as string[];
    const types = file.metadata.get("tokenizer.ggml.token_type") as number[];
    expect([tokens.length, types.length]).toEqual([272, 272]);
    expect(tokens.slice(258, 269)).toEqual([
      "hell",
      "hello",
      "Ġw",
      "<|endoftext|>",
      "<|im_start|>",
      "<|im_end|>",
      "<think>",
      "</think>",
      "<tool_response>",
      "[PAD267]",
      "[PAD268]",
    ]);
    expect(types.slice(258, 269)).toEqual([1, 1, 1, 3, 3, 3, 4, 4, 4, 5, 5]);
    expect((file.metadata.get("tokenizer.ggml.merges") as string[])[4]).toBe("Ġ w");
    expect(Object.fromEntries(file.metadata)).toMatchObject({
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.padding_token_id": 261,
      "tokenizer.ggml.add_bos_token": false,
      "tokenizer.chat_template": chatMl,
    });
  });

  it("says whether a text begins with a token of its own", () => {
    const post_processor = { type: "TemplateProcessing", special_tokens: { "<|endoftext|>": { ids: [261] } } };
    const tokenizer = createHuggingFaceTokenizer({ ...data(byteLevel(true), { post_processor }), bosId: 261 });
    expect(ggufTokenizer(tokenizer, 272).get("tokenizer.ggml.add_bos_token")).toEqual({ type: "bool", value: true });
  });

  it("that is our own is a list of tokens, which llama.cpp can spell", () => {
    const tokenizer = createTokenizer(["hello", " ,"], ["<step>"]);
    const metadata = ggufTokenizer(tokenizer, tokenizer.vocabSize + 1);
    const list = (key: string) => metadata.get(`tokenizer.ggml.${key}`)!.value as readonly unknown[];
    const rows = list("tokens").map((token, i) => [token, list("token_type")[i]]);
    expect(metadata.get("tokenizer.ggml.model")!.value).toBe("llama");
    expect([...rows.slice(0, 4), rows[4 + 10], rows[4 + 255], ...rows.slice(260)]).toEqual([
      ["<pad>", 3],
      ["<bos>", 3],
      ["<eos>", 3],
      ["<step>", 3],
      ["<0x0A>", 6],
      ["<0xFF>", 6],
      ["hello", 1],
      ["\u2581,", 1],
      ["[PAD262]", 5],
    ]);
  });

  it.each<[string, HuggingFaceTokenizerData]>([
    ["a pattern", data(sequence({ ...split("x"), pattern: { Regex: "\\w+" } }, byteLevel(false)))],
    ["merges that it ignores", data(byteLevel(true), {}, { ignore_merges: true })],
    ["digits in groups", data(sequence({ type: "Digits", individual_digits: false }, byteLevel(true)))],
  ])("is not written with %s that llama.cpp has no name for", (_, of) => {
    expect(() => ggufTokenizer(createHuggingFaceTokenizer(of), 272)).toThrow(
      expect.objectContaining({ code: "ERR_CHECKPOINT_UNSUPPORTED", message: expect.stringContaining("llama-bpe") }),
    );
  });

  it.each([
    ["tokenizer.ggml.model", "bert", "ERR_CHECKPOINT_UNSUPPORTED"],
    ["tokenizer.ggml.pre", "gpt-4o", "ERR_CHECKPOINT_UNSUPPORTED"],
    ["tokenizer.ggml.merges", "none", "ERR_MODEL_CORRUPT"],
  ])("is not read with a %s that we do not know", async (key, value, code) => {
    const metadata = ggufTokenizer(createHuggingFaceTokenizer(tinyBpe()), 272).set(key, { type: "string", value });
    {
      await using sink = await createGguf(path, metadata, []);
      await sink.commit();
    }
    await using file = await GgufFile.open(path);
    expect(() => readGgufTokenizer(file, ids)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(key) }),
    );
  });
});
