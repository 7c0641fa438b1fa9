/** A test of node:test's or tape's kind, by acorn's syntax tree. The Python twin is in programs/python-syntax.ts. */
import { posix } from "node:path";
import type { AnyNode, CallExpression, Node, Statement } from "acorn";
import { full } from "acorn-walk";
import { parseJavascript } from "./mutate/javascript-sites.ts";
import type { TestSource } from "./test-source.ts";

interface Request {
  readonly path: string;
  readonly text: string;
  /** Of the tests around it, and its own. */
  readonly names: readonly string[];
  /** From 1. */
  readonly line: number | null;
}

/** null: no call with these names is written out. */
export function javascriptTest({ path, text, names, line }: Request): TestSource | null {
  const program = parseJavascript(text);
  let statements: readonly Node[] = program.body;
  let found: Node[] = [];
  for (const name of names) {
    found = statements.filter((statement) => nameOfTest(statement) === name);
    if (found.length === 0) return null;
    statements = bodyOf(found.at(-1)!);
  }
  const steps = (statements as Statement[]).filter(
    (step) => !isBookkeeping(text.slice(step.start, step.end)) && (line === null || step.loc!.start.line <= line),
  );
  const failing = line === null ? null : innermost(statements, line);
  const used = identifiers(steps);
  const imports = program.body.filter((node) => isImport(node, text));
  const imported = identifiers(imports);
  const calls = [...(failing === null ? [] : callees(text, failing)), ...steps.flatMap((step) => callees(text, step))];
  return {
    edits: found.map((node) => ({ ...ownLines(text, node), replacement: "" })),
    imports: imports
      .filter((node) => [...identifiers([node])].some((name) => used.has(name)))
      .map((node) => fromRoot(text.slice(node.start, node.end), path))
      .filter((source) => !/(['"])(node:)?(tape|test|assert)\1/.test(source)),
    helpers: [],
    steps: steps.flatMap((step) => dedent(text, step)),
    called: calls.filter((name) => imported.has(name.split(".")[0]!)),
  };
}

/** With relative paths as they would be written in the root: `require("../lib/a")` in test/ is `require("./lib/a")`. */
function fromRoot(source: string, path: string): string {
  return source.replace(/(['"])(\.{1,2}(?:\/[^'"]*)?)\1/g, (_, quote: string, relative: string) => {
    const resolved = posix.join(posix.dirname(path), relative);
    return `${quote}${resolved.replace(/^\.\/$/, ".").replace(/^(?!\.)/, "./")}${quote}`;
  });
}

/** The name that `test("name", …)` or `t.test("name", …)` gives. */
function nameOfTest(node: Node): string | null {
  const statement = node as AnyNode;
  if (statement.type !== "ExpressionStatement" || statement.expression.type !== "CallExpression") return null;
  const { callee, arguments: given } = statement.expression;
  const called = callee.type === "MemberExpression" ? callee.property : callee;
  if (called.type !== "Identifier" || !["test", "it", "describe", "tape"].includes(called.name)) return null;
  const first = given[0];
  return first?.type === "Literal" && typeof first.value === "string" ? first.value : null;
}

function bodyOf(node: Node): readonly Node[] {
  const call = (node as AnyNode & { expression: CallExpression }).expression;
  for (const argument of call.arguments) {
    if (argument.type !== "FunctionExpression" && argument.type !== "ArrowFunctionExpression") continue;
    return argument.body.type === "BlockStatement" ? argument.body.body : [argument.body];
  }
  return [];
}

function innermost(statements: readonly Node[], line: number): Node | null {
  const holding = statements.find((node) => node.loc!.start.line <= line && line <= node.loc!.end.line);
  if (holding === undefined) return null;
  let best = holding;
  full(holding, (node) => {
    const inside = node.loc!.start.line <= line && line <= node.loc!.end.line;
    if (
      inside &&
      node.type.endsWith("Statement") &&
      node.type !== "BlockStatement" &&
      node.end - node.start < best.end - best.start
    )
      best = node;
  });
  return best;
}

function identifiers(nodes: readonly Node[]): Set<string> {
  const names = new Set<string>();
  for (const node of nodes)
    full(node, (inner) => {
      const { type } = inner as AnyNode;
      // acorn-walk calls an identifier that is being bound a pattern of its own.
      if (type === "Identifier" || (type as string) === "VariablePattern")
        names.add((inner as Node & { name: string }).name);
      if (type === "ImportSpecifier" || type === "ImportDefaultSpecifier")
        names.add((inner as Node & { local: { name: string } }).local.name);
    });
  return names;
}

function isImport(node: Node, text: string): boolean {
  if (node.type === "ImportDeclaration") return true;
  return node.type === "VariableDeclaration" && /\brequire\(/.test(text.slice(node.start, node.end));
}

function isBookkeeping(source: string): boolean {
  return /^(t|st|s2t|assert)\.(end|plan|teardown|comment)\(/.test(source);
}

function callees(text: string, node: Node): string[] {
  const names: string[] = [];
  full(node, (inner) => {
    if (inner.type !== "CallExpression") return;
    const { callee } = inner as CallExpression;
    if (callee.type === "Identifier" || callee.type === "MemberExpression")
      names.push(text.slice(callee.start, callee.end));
  });
  return names;
}

/** With the line break that ends it, where nothing else is on its lines. */
function ownLines(text: string, node: Node): { start: number; end: number } {
  const lineStart = text.lastIndexOf("\n", node.start - 1) + 1;
  const lineEnd = text.indexOf("\n", node.end);
  const alone =
    text.slice(lineStart, node.start).trim() === "" && text.slice(node.end, lineEnd).trim() === "" && lineEnd >= 0;
  return alone ? { start: lineStart, end: lineEnd + 1 } : { start: node.start, end: node.end };
}

function dedent(text: string, node: Node): string[] {
  const lines = text.slice(text.lastIndexOf("\n", node.start - 1) + 1, node.end).split("\n");
  const margin = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => /^\s*/.exec(line)![0].length));
  return lines.map((line) => line.slice(margin).trimEnd());
}
