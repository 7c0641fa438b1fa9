import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenizerFromJson } from "../../../src/rl/tokenizer/from-json.ts";
import { createHuggingFaceTokenizer } from "../../../src/rl/tokenizer/huggingface-tokenizer.ts";
import { tinyBpe } from "./tiny-bpe.ts";

const tokenizer = createHuggingFaceTokenizer(tinyBpe());
const bytes = (text: string) => [...new TextEncoder().encode(text)];

describe("a byte-level BPE", () => {
  it.each([
    ["hello", [259]],
    ["hell", [258]],
    ["hel", [256, 108]],
    ["hello world", [259, 260, ...bytes("orld")]],
    ["wll", [119, 257]],
    ["é\n", bytes("é\n")],
    ["", []],
  ])("encodes %j as worked out by hand", (text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it("gives every well-formed text back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  it("never writes an added token, whatever the text says", () => {
    const piece = fc.constantFrom("<|im_end|>", "<|im_", "end|>", "<think>", "<", "|>", "a", " ");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join("");
        const ids = tokenizer.encode(text);
        expect(ids.filter((id) => id > 260)).toEqual([]);
        expect(tokenizer.decode(ids)).toBe(text);
      }),
    );
  });

  it("has its added tokens by name", () => {
    expect(tokenizer.special("<|im_end|>")).toBe(263);
    expect(tokenizer.decode([262, 259, 263, 264])).toBe("<|im_start|>hello<|im_end|><think>");
    expect([259, 261, 264, 270].map((id) => tokenizer.isSpecial(id))).toEqual([false, true, true, true]);
    expect(() => tokenizer.special("<step>")).toThrow(expect.objectContaining({ code: "ERR_TOKEN_UNKNOWN" }));
    const { vocabSize, padId, bosId, eosId, eosIds } = tokenizer;
    expect({ vocabSize, padId, bosId, eosId, eosIds }).toEqual({
      vocabSize: 272,
      padId: 261,
      bosId: 263,
      eosId: 263,
      eosIds: [263, 261],
    });
  });

  it("shows what a model may sample: half a character, a row without a token", () => {
    expect(tokenizer.decode([0xc3, 271, 259])).toBe("\ufffd\ufffdhello");
    expect(() => tokenizer.decode([272])).toThrow(expect.objectContaining({ code: "ERR_TOKEN_UNKNOWN" }));
  });

  it("survives JSON", () => {
    const copy = tokenizerFromJson(JSON.parse(JSON.stringify(tokenizer.toJSON())));
    expect(copy.encode("hello <|im_end|>")).toEqual(tokenizer.encode("hello <|im_end|>"));
    expect(() => tokenizerFromJson({ ...tokenizer.toJSON(), eosIds: [] })).toThrow(/eosIds/);
  });

  const { file } = tinyBpe();
  it.each<[string, Parameters<typeof tinyBpe>[0], RegExp]>([
    ["ids beyond the model's vocabulary", { vocabSize: 266 }, /"<tool_response>" has id 266, beyond .* of 266/],
    ["an end token beyond it", { eosIds: [300] }, /300 is beyond/],
    ["no end token", { eosIds: [] }, /no token ends a completion/],
    [
      "two tokens of one id",
      { file: { ...file, added_tokens: [{ id: 1, content: "<x>", special: true, lstrip: false, rstrip: false }] } },
      /share id 1/,
    ],
    ["no byte level", { file: { ...file, pre_tokenizer: null, decoder: null } }, /only byte-level BPE/],
    ["a part the library does not know", { file: { ...file, normalizer: { type: "Magic" } } }, /Magic/],
  ])("is refused with %s", (_, change, message) => {
    expect(() => createHuggingFaceTokenizer(tinyBpe(change))).toThrow(
      expect.objectContaining({ code: "ERR_TOKENIZER", message: expect.stringMatching(message) }),
    );
  });
});
