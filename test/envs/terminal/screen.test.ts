import { describe, expect, test } from "vitest";
import { keyBytes, keyPattern } from "../../../src/envs/terminal/keys.ts";
import { Screen } from "../../../src/envs/terminal/screen.ts";

function screenOf(...chunks: readonly (string | Uint8Array)[]): { screen: Screen; replies: string[] } {
  const replies: string[] = [];
  const screen = new Screen(20, 5, (data) => replies.push(data));
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    screen.write(bytes);
    bytes.fill(0x78); // The screen must keep no view of a chunk.
  }
  return { screen, replies };
}

describe("the screen", () => {
  test("shows rows without trailing blanks, and where the cursor is", () => {
    const { screen } = screenOf("one  \r\n\r\n  two\x1b[4;3H");
    expect(screen.view()).toEqual({ text: "one\n\n  two", cursor: { row: 3, col: 2 }, alternateScreen: false });
  });

  test("joins a character that is split between chunks", () => {
    const [a, b] = [Buffer.from("é€").subarray(0, 3), Buffer.from("é€").subarray(3)];
    expect(screenOf(a, b).screen.view().text).toBe("é€");
  });

  test("of a flood shows the same as a terminal that parsed all of it", () => {
    const line = "\x1b[32mthe same coloured line\x1b[0m\r\n";
    const { screen } = screenOf(...Array.from({ length: 2000 }, () => line.repeat(20)), "last");
    expect(screen.view().text).toBe("the same coloured li\nne\nthe same coloured li\nne\nlast");
  });

  test("keeps the modes that were set in the part of a flood it skips", () => {
    const { screen } = screenOf(
      "\x1b[?1049h\x1b[?1h",
      ...Array.from({ length: 500 }, () => "x\r\n".repeat(500)),
      "end",
    );
    expect(screen.view()).toMatchObject({ alternateScreen: true, text: "x\nx\nx\nx\nend" });
    expect(screen.applicationCursor).toBe(true);
  });

  test("answers a program that asks where the cursor is, at once", () => {
    expect(screenOf("ab\x1b[6n").replies).toEqual(["\x1b[1;3R"]);
  });
});

describe("keys", () => {
  test.each([
    ["Enter", "\r"],
    ["Ctrl-A", "\x01"],
    ["Ctrl-Z", "\x1a"],
    ["Ctrl-[", "\x1b"],
    ["Ctrl-\\", "\x1c"],
    ["Ctrl-Space", "\0"],
    ["Ctrl-Left", "\x1b[1;5D"],
    ["Alt-b", "\x1bb"],
    ["Up", "\x1b[A"],
    ["Home", "\x1b[H"],
    ["F1", "\x1bOP"],
    ["F12", "\x1b[24~"],
    ["Shift-Tab", "\x1b[Z"],
  ])("%s", (name, sent) => {
    expect(name).toMatch(keyPattern);
    expect(keyBytes(name, false)).toBe(sent);
  });

  test("cursor keys follow application cursor mode", () => {
    expect(keyBytes("Up", true)).toBe("\x1bOA");
    expect(keyBytes("End", true)).toBe("\x1bOF");
  });

  test.each(["enter", "Ctrl-a", "Ctrl-1", "F13", "Meta-x", "toString", ""])("%j is no key", (name) => {
    expect(name).not.toMatch(keyPattern);
  });
});
