import { describe, expect, it } from "vitest";
import { areStopStrings, stopIsWritten, textBeforeStop } from "../../src/core/stop-strings.ts";

const utf8 = new TextDecoder();
/** One token a byte: the most that a text can take. */
const decode = (tokenIds: readonly number[]) => utf8.decode(Uint8Array.from(tokenIds));
const bytesOf = (text: string) => [...new TextEncoder().encode(text)];

describe("a stop string", () => {
  it.each(["</answer>", "\n\n", "é", "東京。", "😀😀", "a😀é"])("%j is seen with the token that ends it", (stop) => {
    for (const before of ["", "東", "x".repeat(300), "😀ö"]) {
      const tokens = bytesOf(before + stop);
      const seen = tokens.findIndex((_, i) => stopIsWritten(tokens.slice(0, i + 1), ["never", stop], decode));
      expect(seen).toBe(tokens.length - 1);
    }
  });

  it("decodes no more than it can take, however long the completion is", () => {
    const lengths: number[] = [];
    stopIsWritten(bytesOf("y".repeat(5_000)), ["ab", "end"], (tokenIds) => {
      lengths.push(tokenIds.length);
      return decode(tokenIds);
    });
    expect(lengths).toEqual([13]);
  });

  it("cuts the text before the first that is written", () => {
    expect(textBeforeStop("one; two. three", [".", ";", "!"])).toBe("one");
    expect(textBeforeStop("one two", ["."])).toBe("one two");
    expect(textBeforeStop("one.")).toBe("one.");
  });

  it("is never empty", () => {
    expect(areStopStrings(["a", ""])).toBe(false);
    expect(areStopStrings(["a"])).toBe(true);
  });
});
