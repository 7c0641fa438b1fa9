import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Sandbox } from "../../../../src/core/sandbox.ts";
import { edit } from "../../../../src/envs/swe/edit/edit.ts";
import type { EditAction } from "../../../../src/envs/swe/schema.ts";
import { createSandboxDriver } from "../../../../src/sandbox/index.ts";

describe("the structured edit", () => {
  const driver = createSandboxDriver("bubblewrap");
  const { signal } = new AbortController();
  let sandbox: Sandbox;
  afterAll(() => driver.close());
  afterEach(() => sandbox.close());
  beforeEach(async () => {
    sandbox = await driver.start({ workspace: { path: "/testbed", source: null } });
    await sandbox.write([
      { path: "/testbed/a.py", content: "def f(x):\n    return x\n\ndef g(x):\n    return x\n", mode: 0o755 },
      { path: "/testbed/windows.txt", content: "one\r\ntwo\r\n" },
      { path: "/testbed/latin.txt", content: Buffer.from("caf\xe9\nline\n", "latin1") },
      { path: "/testbed/open.txt", content: "no newline at the end" },
    ]);
  });
  const run = (operation: EditAction["operation"], path: string, rest: Partial<EditAction> = {}) =>
    edit(sandbox, { type: "edit", operation, path, ...rest }, signal);
  const bytes = async (path: string) => Buffer.from(await sandbox.read(`/testbed/${path}`)).toString("latin1");

  test("views a file with line numbers, a part of it, and a directory", async () => {
    expect((await run("view", "a.py", { startLine: 2, endLine: 4 })).output).toBe("2\t    return x\n3\t\n4\tdef g(x):");
    expect((await run("view", "/testbed/open.txt")).output).toBe("1\tno newline at the end");
    expect((await run("view", ".")).output).toContain("a.py");
    expect(await run("view", "a.py", { startLine: 9 })).toEqual({
      ok: false,
      output: "not done: /testbed/a.py has 5 lines; startLine is 9",
    });
    expect((await run("view", "nowhere.py")).ok).toBe(false);
  });

  test("replaces one exact text, shows the lines around it, and keeps the file's mode", async () => {
    const result = await run("replace", "a.py", {
      oldText: "def g(x):\n    return x",
      newText: "def g(x):\n    return 2",
    });
    expect(result.ok).toBe(true);
    expect(result.output).toContain("5\t    return 2");
    expect(await bytes("a.py")).toBe("def f(x):\n    return x\n\ndef g(x):\n    return 2\n");
    const { stdout } = await sandbox.exec(["stat", "-c", "%a", "/testbed/a.py"]);
    expect(Buffer.from(stdout).toString()).toBe("755\n");
  });

  test("text with $ and other patterns is put in as it is", async () => {
    await run("replace", "open.txt", { oldText: "newline", newText: "$& $1 $$ \\n" });
    expect(await bytes("open.txt")).toBe("no $& $1 $$ \\n at the end");
  });

  test("a text that is there twice is answered with its lines", async () => {
    const result = await run("replace", "a.py", { oldText: "return x", newText: "return y" });
    expect(result).toEqual({
      ok: false,
      output: "not done: oldText is 2 times in /testbed/a.py, at lines 2, 5; add lines around it until it is unique",
    });
  });

  test("a text that is not there is answered with the nearest lines", async () => {
    const near = await run("replace", "a.py", { oldText: "def g(y):\n    return x\n", newText: "" });
    expect(near.output).toContain("the nearest text is at lines 4 to 5:\n4\tdef g(x):\n5\t    return x");
    const blanks = await run("replace", "a.py", { oldText: "def f(x):\n\treturn x", newText: "" });
    expect(blanks.output).toContain("only blanks differ from lines 1 to 2");
    const nothing = await run("replace", "a.py", { oldText: "SELECT * FROM t", newText: "" });
    expect(nothing.output).toContain("view the file first");
  });

  test("line ends of Windows are found and kept", async () => {
    expect((await run("replace", "windows.txt", { oldText: "one\ntwo", newText: "1\n2" })).ok).toBe(true);
    expect(await bytes("windows.txt")).toBe("1\r\n2\r\n");
    await run("insert", "windows.txt", { content: "new", afterLine: 1 });
    expect(await bytes("windows.txt")).toBe("1\r\nnew\r\n2\r\n");
  });

  test("what is no UTF-8 keeps its bytes, and refuses characters that it cannot hold", async () => {
    await run("replace", "latin.txt", { oldText: "line", newText: "zeile" });
    expect(await bytes("latin.txt")).toBe("caf\xe9\nzeile\n");
    expect((await run("replace", "latin.txt", { oldText: "zeile", newText: "行" })).output).toContain("Latin-1");
  });

  test("inserts at the start, in the middle, and after a last line without a newline", async () => {
    await run("insert", "open.txt", { content: "first", afterLine: 0 });
    await run("insert", "open.txt", { content: "last", afterLine: 2 });
    expect(await bytes("open.txt")).toBe("first\nno newline at the end\nlast");
    expect((await run("insert", "open.txt", { content: "x", afterLine: 9 })).output).toContain("has 3 lines");
  });

  test("creates a file with its directories, and says when it replaces one", async () => {
    expect((await run("create", "new/deep/file.py", { content: "x = 1\n" })).output).toContain("is new: 1 line");
    expect((await run("create", "a.py", { content: "" })).output).toContain("is replaced: 0 lines");
  });

  test("what is missing from an action is said", async () => {
    expect((await run("replace", "a.py", { oldText: "x" })).output).toContain("needs oldText and newText");
    expect((await run("replace", "a.py", { oldText: "", newText: "x" })).output).toContain("oldText is empty");
    expect((await run("create", "x")).output).toContain("needs content");
    expect((await run("insert", "a.py", { content: "x" })).output).toContain("afterLine");
    expect((await run("create", "/usr/bin/x", { content: "x" })).ok).toBe(false);
  });
});
