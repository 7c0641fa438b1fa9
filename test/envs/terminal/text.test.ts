import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OutputBuffer } from "../../../src/envs/terminal/output-buffer.ts";
import { controlRange, plainText } from "../../../src/envs/terminal/plain-text.ts";

const plain = (text: string) => plainText(Buffer.from(text, "utf8"));

describe("plain text", () => {
  test.each([
    ["colours", "\x1b[1;31mred\x1b[0m", "red"],
    ["a title", "\x1b]0;title\x07x\x1b]2;t\x1b\\y", "xy"],
    ["carriage returns", "10%\r100%\rok\n", "ok0%\n"],
    ["erased lines", "a long line\r\x1b[Kshort\n", "short\n"],
    ["line ends", "a\r\nb\r\n", "a\nb\n"],
    ["backspaces (man pages)", "b\bbo\bol\bld", "bold"],
    ["tabs and wide characters", "a\t€😀\r\n", "a\t€😀\n"],
    ["NULs and bells", "a\0b\x07c", "abc"],
    ["a sequence that is cut", "end\x1b[3", "end"],
    ["charset switches", "\x1b(Bx\x1b=y", "xy"],
  ])("reads %s as a person would", (_, raw, text) => {
    expect(plain(raw)).toBe(text);
  });

  test("holds no control characters, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(plainText(bytes)).not.toMatch(new RegExp(`[${controlRange}]`));
      }),
    );
  });

  test("is linear in hostile input", () => {
    for (const hostile of ["\x1b]", "\x1b[", "\x1b[0;", "\x1b", "\r\x1b[K", "\b"])
      expect(plain(hostile.repeat(60_000)).length).toBeLessThan(400_000);
  });
});

describe("the output buffer", () => {
  test("gives what came since it was last taken", () => {
    const buffer = new OutputBuffer(100);
    buffer.write(Buffer.from("one\n"));
    expect(buffer.take(100)).toBe("one\n");
    expect(buffer.take(100)).toBe("");
  });

  test("drops the front, says how much, and never cuts a character", () => {
    const buffer = new OutputBuffer(1000);
    for (let i = 0; i < 500; i++) buffer.write(Buffer.from("€".repeat(10)));
    const text = buffer.take(2000);
    const [marker, tail] = text.split("\n");
    expect(marker).toMatch(/^\[… 14 \d{3} bytes dropped …\]$/);
    expect(tail).toMatch(/^€+$/);
    expect(Number(marker!.replace(/\D/g, "")) + Buffer.byteLength(tail!)).toBe(15_000);
  });

  test("never holds more than its bound shows, and counts every byte", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 50 }), (sizes) => {
        const buffer = new OutputBuffer(200);
        for (const size of sizes) buffer.write(Buffer.alloc(size, "x"));
        const total = sizes.reduce((sum, size) => sum + size, 0);
        expect(buffer.position).toBe(total);
        const text = buffer.take(150);
        const dropped = Number(/^\[… ([\d ]+) bytes/.exec(text)?.[1]?.replaceAll(" ", "") ?? 0);
        const shown = text.replace(/^\[….*\n/, "").length;
        expect(shown).toBeLessThanOrEqual(150);
        expect(dropped + shown).toBe(total);
      }),
    );
  });

  test("forgets what came after a position", () => {
    const buffer = new OutputBuffer(100);
    buffer.write(Buffer.from("output"));
    const { position } = buffer;
    buffer.write(Buffer.from("prompt$ "));
    buffer.truncate(position);
    expect(buffer.take(100)).toBe("output");
  });
});
