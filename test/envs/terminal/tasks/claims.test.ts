import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readArchive, readGzip, writeArchive } from "../../../../src/envs/terminal/tasks/archive.ts";
import { type Condition, StateIndex } from "../../../../src/envs/terminal/tasks/claims.ts";
import { type StateFile, worldStateOf } from "../../../../src/envs/terminal/tasks/contract.ts";

const file = (path: string, text: string, more: Partial<StateFile> = {}): StateFile => ({
  path,
  type: "file",
  mode: 0o644,
  size: text.length,
  mtimeSeconds: 0,
  text,
  ...more,
});

function holds(condition: Condition, files: readonly StateFile[], programs: readonly [string, string][] = []): boolean {
  const processes = programs.map(([program, state], i) => ({ pid: i + 2, argv: [program, "36000"], state }));
  return new StateIndex({ files, processes }).holds([condition]);
}

describe("text", () => {
  it("is exact up to trailing whitespace", () => {
    const condition: Condition = { is: "text", path: "amber.txt", text: "one\ntwo\n" };
    for (const text of ["one\ntwo\n", "one\ntwo", "one\ntwo \n\n"])
      expect(holds(condition, [file("amber.txt", text)])).toBe(true);
    for (const text of ["", " one\ntwo\n", "one \ntwo\n", "two\none\n", "one\ntwo\nthree\n"])
      expect(holds(condition, [file("amber.txt", text)])).toBe(false);
  });

  it("wants a regular file at its own path", () => {
    const condition: Condition = { is: "text", path: "amber.txt", text: "one\n" };
    expect(holds(condition, [file("cedar.txt", "one\n")])).toBe(false);
    expect(holds(condition, [file("amber.txt", "one\n", { type: "symlink" })])).toBe(false);
    expect(holds(condition, [file("amber.txt", "", { text: null })])).toBe(false);
  });
});

describe("a link", () => {
  const condition: Condition = { is: "link", path: "pond/amber.txt", target: "reef/cedar.txt" };
  const link = (target: string) => [file("pond/amber.txt", target, { type: "symlink" })];

  it("may be written from its own directory or from the root", () => {
    for (const target of ["../reef/cedar.txt", "./../reef//cedar.txt", "/home/agent/reef/cedar.txt"])
      expect(holds(condition, link(target)), target).toBe(true);
  });

  it("must lead to the target, and be a link", () => {
    for (const target of ["reef/cedar.txt", "../reef/cedar.bak", "/reef/xcedar.txt", ""])
      expect(holds(condition, link(target)), target).toBe(false);
    expect(holds(condition, [file("pond/amber.txt", "../reef/cedar.txt")])).toBe(false);
  });
});

describe("processes", () => {
  it("a program has ended when no live process carries its name", () => {
    const ended: Condition = { is: "process", program: "amber", lives: false };
    expect(holds(ended, [], [["pond/cedar", "S"]])).toBe(true);
    expect(holds(ended, [], [["pond/amber", "Z"]])).toBe(true);
    expect(holds(ended, [], [["pond/amber", "S"]])).toBe(false);
    expect(holds(ended, [], [["pond/amber", "T"]])).toBe(false);
  });

  it("a program that must go on may not be paused", () => {
    const lives: Condition = { is: "process", program: "amber", lives: true };
    expect(holds(lives, [], [["pond/amber", "S"]])).toBe(true);
    expect(holds(lives, [], [["pond/amber", "T"]])).toBe(false);
    expect(holds(lives, [])).toBe(false);
  });
});

describe("archives", () => {
  const members = { "pond/amber.txt": "one\n", "pond/reef/cedar.log": "two\n".repeat(300) };
  const state = (bytes: Uint8Array, path = "elm.tar.gz") =>
    worldStateOf([{ path, type: "file", mode: 0o644, size: bytes.length, mtimeSeconds: 0, content: bytes }], []).files;

  it("hold exactly the members, whatever packed them", () => {
    const bytes = writeArchive(new Map(Object.entries(members)));
    expect(Object.fromEntries(readArchive(bytes)!)).toEqual(members);
    expect(holds({ is: "archive", path: "elm.tar.gz", members }, state(bytes))).toBe(true);
    const fewer = { "pond/amber.txt": "one\n" };
    expect(holds({ is: "archive", path: "elm.tar.gz", members: fewer }, state(bytes))).toBe(false);
    const other = { ...members, "pond/amber.txt": "One\n" };
    expect(holds({ is: "archive", path: "elm.tar.gz", members: other }, state(bytes))).toBe(false);
  });

  it("that are none, broken or enormous do not hold", () => {
    const good = writeArchive(new Map(Object.entries(members)));
    const wrong = [
      new Uint8Array(),
      new TextEncoder().encode("pond/amber.txt"),
      good.slice(0, good.length / 2),
      gzipSync("no tar at all ".repeat(100)),
      gzipSync(Buffer.alloc(64 * 1024 * 1024)),
    ];
    for (const bytes of wrong) expect(holds({ is: "archive", path: "elm.tar.gz", members }, state(bytes))).toBe(false);
    expect(readGzip(gzipSync(Buffer.alloc(64 * 1024 * 1024)))).toBeNull();
  });

  it("a gzip file holds the text that it unpacks to", () => {
    const condition: Condition = { is: "gzip", path: "elm.gz", text: "one\n" };
    expect(holds(condition, state(gzipSync("one\n"), "elm.gz"))).toBe(true);
    expect(holds(condition, state(gzipSync("two\n"), "elm.gz"))).toBe(false);
    expect(holds(condition, state(new TextEncoder().encode("one\n"), "elm.gz"))).toBe(false);
  });
});
