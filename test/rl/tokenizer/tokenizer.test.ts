import { array, assert, constantFrom, integer, oneof, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { splitText } from "../../../src/rl/tokenizer/split.ts";
import { tokenizerFromJson } from "../../../src/rl/tokenizer/from-json.ts";
import { createTokenizer } from "../../../src/rl/tokenizer/word-tokenizer.ts";

const words = ["count", "lines", "\n", "\n\n", ".", "in", "file", "_", "42", "é", " *", "**", "日本"];
const tokenizer = createTokenizer(words, ["<instruction>", "<step>"]);
const anyText = oneof(
  string({ unit: "binary", maxLength: 60 }),
  array(integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((codes) => String.fromCharCode(...codes)),
  array(constantFrom(...words, " ", "x", "<step>", "<eos>", "<0x41>", "\ud83d", "😀"), { maxLength: 30 }).map((a) =>
    a.join(""),
  ),
);

describe("word tokenizer", () => {
  it("decodes every string it encoded to the same string, lone surrogates included", () => {
    assert(
      property(anyText, (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it("never yields a special token from text", () => {
    assert(
      property(anyText, (text) => {
        expect(tokenizer.encode(text).some((id) => tokenizer.isSpecial(id))).toBe(false);
      }),
      { numRuns: 500 },
    );
    for (const text of ["<eos>", "<step>", " <pad><bos>"])
      expect(tokenizer.encode(text)).not.toContain(tokenizer.eosId);
  });

  it("cuts text without losing a character", () => {
    assert(
      property(anyText, (text) => {
        expect(splitText(text).join("")).toBe(text);
      }),
    );
    expect(splitText("mv build_12.log  /tmp/20240115\n")).toEqual([
      "mv",
      " ",
      "build",
      "_",
      "12",
      ".",
      "log",
      " ",
      " /",
      "tmp",
      "/",
      "2024",
      "0115",
      "\n",
    ]);
  });

  it("spells what it does not know in bytes, and keeps known words whole", () => {
    expect(tokenizer.encode("count lines").map((id) => tokenizer.tokenText(id))).toEqual(["count", "<0x20>", "lines"]);
    expect(tokenizer.encode(" file").map((id) => tokenizer.tokenText(id))).toEqual(["<0x20>", "file"]);
    expect(tokenizer.encode("ab").map((id) => tokenizer.tokenText(id))).toEqual(["<0x61>", "<0x62>"]);
  });

  it("shows special tokens by name and finds them by name", () => {
    expect(tokenizer.decode([tokenizer.bosId, tokenizer.special("<step>"), ...tokenizer.encode("42")])).toBe(
      "<bos><step>42",
    );
    expect(() => tokenizer.special("<nope>")).toThrow(/no special token "<nope>"/);
    expect(() => tokenizer.decode([tokenizer.vocabSize])).toThrow(/not in the vocabulary/);
  });

  it("decodes malformed bytes to replacement characters instead of failing", () => {
    const [first] = tokenizer.encode("\u00ff");
    expect(tokenizer.decode([first!])).toBe("\ufffd");
  });

  it("survives JSON with the same ids", () => {
    const copy = tokenizerFromJson(JSON.parse(JSON.stringify(tokenizer.toJSON())));
    expect(copy.vocabSize).toBe(tokenizer.vocabSize);
    assert(
      property(anyText, (text) => {
        expect(copy.encode(text)).toEqual(tokenizer.encode(text));
      }),
    );
    expect(() => tokenizerFromJson({ type: "bpe" })).toThrow(/not a tokenizer/);
  });

  it("refuses malformed and doubled special tokens", () => {
    expect(() => createTokenizer([], ["step"])).toThrow(/must read "<name>"/);
    expect(() => createTokenizer([], ["<eos>"])).toThrow(/doubled/);
  });
});
