/** The structured edit: reads and writes whole files through the sandbox, and answers mistakes with what to do. */
import { posix } from "node:path";
import { SandboxError } from "../../../core/errors.ts";
import type { Sandbox } from "../../../core/sandbox.ts";
import { testbed } from "../instance.ts";
import type { EditAction } from "../schema.ts";
import { findText, numbered } from "./find-text.ts";

export interface EditResult {
  readonly ok: boolean;
  /** What the agent reads. */
  readonly output: string;
}

const maxFileBytes = 2 * 1024 * 1024;
const maxEntries = 200;
/** Lines that are shown around a change. */
const context = 3;

interface Content {
  readonly text: string;
  /** What is no UTF-8 is edited as bytes. */
  readonly encoding: "utf8" | "latin1";
}

/** @throws SandboxError when the sandbox is lost; a file that cannot be used is a result. */
export async function edit(sandbox: Sandbox, action: EditAction, signal: AbortSignal): Promise<EditResult> {
  const path = posix.resolve(testbed, action.path);
  try {
    switch (action.operation) {
      case "view":
        return await view(sandbox, path, action);
      case "create":
        return await create(sandbox, path, action);
      case "replace":
        return await replace(sandbox, path, action, signal);
      case "insert":
        return await insert(sandbox, path, action, signal);
    }
  } catch (error) {
    if (error instanceof SandboxError && error.code === "ERR_SANDBOX_FILE") return failed(error.message);
    throw error;
  }
}

async function view(sandbox: Sandbox, path: string, { startLine, endLine }: EditAction): Promise<EditResult> {
  const content = await read(sandbox, path);
  if (content === null) return directory(sandbox, path);
  const lines = content.text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const first = startLine ?? 1;
  if (lines.length === 0) return done(`${path} is empty`);
  if (first > lines.length) return failed(`${path} has ${lines.length} lines; startLine is ${first}`);
  if (endLine !== undefined && endLine < first) return failed(`endLine ${endLine} is before startLine ${first}`);
  return done(numbered(lines.slice(first - 1, endLine), first));
}

async function directory(sandbox: Sandbox, path: string): Promise<EditResult> {
  const skip = [".git", "node_modules", "__pycache__"];
  const entries = await sandbox.tree(path, { maxEntries: 4 * maxEntries, maxFileBytes: 0, skip });
  const near = entries.filter((entry) => entry.path.split("/").length <= 2);
  const names = near.map((entry) => `${entry.path}${entry.type === "directory" ? "/" : ""}`).sort();
  const more = names.length > maxEntries ? `\n[… ${names.length - maxEntries} more]` : "";
  return done(`${path}, two levels deep:\n${names.slice(0, maxEntries).join("\n")}${more}`);
}

async function create(sandbox: Sandbox, path: string, { content }: EditAction): Promise<EditResult> {
  if (content === undefined) return failed("create needs content");
  const mode = await modeOf(sandbox, path);
  await sandbox.write([{ path, content, ...(mode !== null && { mode }) }]);
  const lines = content === "" ? 0 : content.replace(/\n$/, "").split("\n").length;
  return done(`${path} ${mode === null ? "is new" : "is replaced"}: ${lines} ${lines === 1 ? "line" : "lines"}`);
}

async function replace(
  sandbox: Sandbox,
  path: string,
  { oldText, newText }: EditAction,
  signal: AbortSignal,
): Promise<EditResult> {
  if (oldText === undefined || newText === undefined) return failed("replace needs oldText and newText");
  if (oldText === "") return failed("oldText is empty; insert adds text after a line, create writes a whole file");
  if (oldText === newText) return failed("oldText and newText are the same; nothing would change");
  const content = await read(sandbox, path);
  if (content === null) return failed(`${path} is a directory`);
  const found = findText(content.text, oldText);
  if (found.status === "none") return failed(`oldText is not in ${path}; ${found.hint}`);
  if (found.status === "several") {
    const { lines, count } = found;
    const named = `${lines.join(", ")}${count > lines.length ? " …" : ""}`;
    return failed(`oldText is ${count} times in ${path}, at lines ${named}; add lines around it until it is unique`);
  }
  const { start, end, crlf } = found;
  const put = crlf ? newText.replaceAll(/\r?\n/g, "\r\n") : newText;
  return store(sandbox, path, content, { start, end, put }, signal);
}

async function insert(
  sandbox: Sandbox,
  path: string,
  { content: text, afterLine }: EditAction,
  signal: AbortSignal,
): Promise<EditResult> {
  if (text === undefined || afterLine === undefined) return failed("insert needs content and afterLine");
  const content = await read(sandbox, path);
  if (content === null) return failed(`${path} is a directory`);
  const end = content.text.includes("\r\n") ? "\r\n" : "\n";
  const ends = content.text === "" || content.text.endsWith("\n");
  const count = content.text.split("\n").length - (ends ? 1 : 0);
  if (afterLine > count) return failed(`${path} has ${count} lines; afterLine is ${afterLine}`);
  let start = 0;
  for (let line = 0; line < afterLine; line++) {
    const next = content.text.indexOf("\n", start);
    start = next === -1 ? content.text.length : next + 1;
  }
  const lines = `${text.replace(/\r?\n$/, "").replaceAll(/\r?\n/g, end)}${end}`;
  const put = start > 0 && content.text[start - 1] !== "\n" ? `${end}${lines.slice(0, -end.length)}` : lines;
  return store(sandbox, path, content, { start, end: start, put }, signal);
}

/** The file with one stretch replaced, with the mode it had, and the lines around it. */
async function store(
  sandbox: Sandbox,
  path: string,
  { text, encoding }: Content,
  { start, end, put }: { start: number; end: number; put: string },
  signal: AbortSignal,
): Promise<EditResult> {
  if (encoding === "latin1" && /[^\0-\xff]/.test(put))
    return failed(`${path} is not UTF-8; only characters of Latin-1 can be written to it`);
  const changed = text.slice(0, start) + put + text.slice(end);
  const mode = await modeOf(sandbox, path);
  signal.throwIfAborted();
  await sandbox.write([{ path, content: Buffer.from(changed, encoding), ...(mode !== null && { mode }) }]);
  const first = changed.slice(0, start).split("\n").length;
  const last = first + put.split("\n").length - 1;
  const from = Math.max(1, first - context);
  const shown = changed.split("\n").slice(from - 1, last + context);
  if (shown.at(-1) === "") shown.pop();
  return done(
    `${path} is changed:\n${numbered(
      shown.map((line) => line.replace(/\r$/, "")),
      from,
    )}`,
  );
}

/** null: a directory. */
async function read(sandbox: Sandbox, path: string): Promise<Content | null> {
  let bytes: Uint8Array;
  try {
    bytes = await sandbox.read(path, { maxBytes: maxFileBytes });
  } catch (error) {
    const isFile = !(error instanceof SandboxError && error.code === "ERR_SANDBOX_FILE");
    if (isFile || !(await isDirectory(sandbox, path))) throw error;
    return null;
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), encoding: "utf8" };
  } catch {
    return { text: Buffer.from(bytes).toString("latin1"), encoding: "latin1" };
  }
}

async function isDirectory(sandbox: Sandbox, path: string): Promise<boolean> {
  return (await sandbox.exec(["test", "-d", path])).exitCode === 0;
}

/** Permission bits; null: there is no such file. */
async function modeOf(sandbox: Sandbox, path: string): Promise<number | null> {
  const { exitCode, stdout } = await sandbox.exec(["stat", "-L", "-c", "%a", "--", path]);
  return exitCode === 0 ? Number.parseInt(Buffer.from(stdout).toString(), 8) & 0o777 : null;
}

function done(output: string): EditResult {
  return { ok: true, output };
}

function failed(output: string): EditResult {
  return { ok: false, output: `not done: ${output}` };
}
