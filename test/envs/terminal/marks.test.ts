import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MarkParser } from "../../../src/envs/terminal/marks.ts";

/** Parses the pieces; text as latin1, marks and modes as tagged entries. */
function parse(pieces: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") seen.push(text);
    text = "";
  };
  const parser = new MarkParser("n1", {
    text: (bytes) => (text += Buffer.from(bytes).toString("latin1")),
    mark: ({ kind, exitCode, cwd }) => {
      flush();
      seen.push(`<${kind} ${exitCode} ${cwd}>`);
    },
    mode: (number, on) => {
      flush();
      seen.push(`<mode ${number} ${on}>`);
    },
  });
  for (const piece of pieces) {
    const chunk = Buffer.from(piece);
    parser.feed(chunk);
    chunk.fill(0x78); // The parser must keep no view of a chunk.
  }
  flush();
  return seen;
}

const bytes = (text: string) => Buffer.from(text, "latin1");
const stream =
  "a\x1b]697;n1;C\x07out\x1b[31mred\x1b[?2004;1049hmore\x1b]0;title\x07\x1b]697;n1;A;12;/tmp\x07$ \x1b]697;n1;B\x07\x1bc end";

describe("the mark parser", () => {
  test("takes marks out and leaves everything else in order", () => {
    expect(parse([bytes(stream)])).toEqual([
      "a",
      "<command-start null null>",
      "out\x1b[31mred",
      "<mode 2004 true>",
      "<mode 1049 true>",
      "\x1b[?2004;1049hmore\x1b]0;title\x07",
      "<prompt-start 12 /tmp>",
      "$ ",
      "<prompt-end null null>",
      "\x1bc end",
    ]);
  });

  test("gives the same whatever the chunks are", () => {
    const whole = parse([bytes(stream)]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const pieces = at.slice(1).map((end, i) => bytes(stream.slice(at[i], end)));
        expect(parse(pieces)).toEqual(whole);
      }),
    );
  });

  test("keeps every byte of any stream without marks", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        const text = parse([...pieces, bytes("\x1b[mend")])
          .filter((part) => !part.startsWith("<mode"))
          .join("");
        expect(text).toBe(`${Buffer.concat(pieces).toString("latin1")}\x1b[mend`);
      }),
    );
  });

  test.each([
    ["another nonce", "\x1b]697;n2;B\x07"],
    ["no nonce", "\x1b]697;B\x07"],
    ["an unknown kind", "\x1b]697;n1;Z\x07"],
    ["a body cut by another sequence", "\x1b]697;n1;A;0;\x1b[m\x07"],
    ["a body without end", `\x1b]697;n1;A;0;/${"x".repeat(6000)}\x07`],
  ])("passes on as output: %s", (_, text) => {
    expect(parse([bytes(text), bytes(".")])).toEqual([`${text}.`]);
  });

  test("an exit code that is no number is unknown", () => {
    expect(parse([bytes("\x1b]697;n1;A;$?;\x07")])).toEqual(["<prompt-start null null>"]);
  });
});
