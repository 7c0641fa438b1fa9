/** Where bugs can be put into JavaScript, by acorn's syntax tree. The Python twin is programs/python-syntax.ts. */
import {
  type AnyNode,
  type Expression,
  type Node,
  type PrivateIdentifier,
  type SpreadElement,
  parse,
  type Program,
} from "acorn";
import { fullAncestor } from "acorn-walk";
import type { BugKind, Site } from "./site.ts";

const comparisons: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "==": "!=",
  "!=": "==",
  "===": "!==",
  "!==": "===",
};
const arithmetic: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "+",
  "*": "+",
  "/": "*",
  "%": "*",
  "&": "|",
  "|": "&",
  "<<": ">>",
  ">>": "<<",
};
const assignments: Readonly<Record<string, string>> = { "+=": "-=", "-=": "+=" };
const slicing = new Set(["slice", "substring", "substr", "charAt", "charCodeAt", "at", "splice"]);

/** @throws SyntaxError when it is neither a module nor a script. */
export function parseJavascript(text: string): Program {
  const options = {
    ecmaVersion: "latest",
    allowHashBang: true,
    locations: true,
    allowReturnOutsideFunction: true,
  } as const;
  try {
    return parse(text, { ...options, sourceType: "module" });
  } catch {
    return parse(text, { ...options, sourceType: "script" });
  }
}

export function javascriptSites(path: string, text: string): Site[] {
  const sites = new SiteCollector(path, text);
  fullAncestor(parseJavascript(text), (node, _state, ancestors) => {
    const within = functionAround(ancestors);
    if (within !== null) sites.visit(node as AnyNode, within, ancestors.at(-2)?.type === "BlockStatement");
  });
  return sites.found.sort((a, b) => a.start - b.start || a.end - b.end || (a.replacement < b.replacement ? -1 : 1));
}

type Operand = Expression | PrivateIdentifier | SpreadElement;

type Visitors = { readonly [Type in AnyNode["type"]]?: (node: Extract<AnyNode, { type: Type }>) => void };

class SiteCollector {
  readonly found: Site[] = [];
  readonly #path: string;
  readonly #text: string;
  #function = "";
  #inBlock = false;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  visit(node: AnyNode, within: string, inBlock: boolean): void {
    this.#function = within;
    this.#inBlock = inBlock;
    const visitor = this.#visitors[node.type] as ((node: AnyNode) => void) | undefined;
    visitor?.(node);
  }

  readonly #visitors: Visitors = {
    BinaryExpression: ({ left, right, operator }) => {
      const ordering = /^[<>]/.test(operator) && operator in comparisons;
      const other = comparisons[operator] ?? (isText(left) || isText(right) ? undefined : arithmetic[operator]);
      if (other !== undefined) this.#operator(ordering ? "bound" : "operator", left, right, operator, other);
      if (ordering) this.#number("bound", right);
    },
    LogicalExpression: ({ left, right, operator }) => {
      if (operator === "??") return;
      this.#operator("operator", left, right, operator, operator === "&&" ? "||" : "&&");
      if (operator === "||") this.#literal("wrong-default", right);
    },
    UnaryExpression: ({ operator, start }) => {
      if (operator === "!") this.#add("operator", start, start + 1, "");
    },
    AssignmentExpression: ({ left, right, operator }) => {
      const other = assignments[operator];
      if (other !== undefined && !isText(right)) this.#operator("operator", left, right, operator, other);
      if (operator === "=") this.#literal("wrong-constant", right);
    },
    IfStatement: (node) => {
      if (node.alternate) this.#add("dropped-branch", node.consequent.end, node.alternate.end, "");
      else if (this.#inBlock) this.#dropLines(node);
      else this.#replace("dropped-branch", node, "{}");
    },
    ConditionalExpression: (node) => {
      this.#replace("dropped-branch", node, this.#of(node.consequent));
      this.#replace("dropped-branch", node, this.#of(node.alternate));
    },
    MemberExpression: ({ computed, property }) => {
      if (computed) this.#number("slice", property);
    },
    CallExpression: ({ callee, arguments: given }) => {
      if (
        callee.type === "MemberExpression" &&
        callee.property.type === "Identifier" &&
        slicing.has(callee.property.name)
      )
        for (const argument of given) this.#shifted("slice", argument);
      for (const [i, one] of given.slice(0, -1).entries()) this.#swap(one, given[i + 1]!);
    },
    AssignmentPattern: ({ right }) => this.#literal("wrong-default", right),
    Property: ({ value }) => {
      if (value.type === "Literal" && typeof value.value === "boolean") this.#literal("wrong-default", value);
    },
    ReturnStatement: ({ argument }) => {
      if (argument) this.#literal("wrong-constant", argument);
    },
    VariableDeclarator: ({ init }) => {
      if (init) this.#literal("wrong-constant", init);
    },
  };

  #add(kind: BugKind, start: number, end: number, replacement: string): void {
    if (this.#text.slice(start, end) === replacement) return;
    this.found.push({ path: this.#path, kind, start, end, replacement, function: this.#function });
  }

  #replace(kind: BugKind, node: Node, replacement: string): void {
    this.#add(kind, node.start, node.end, replacement);
  }

  /** A statement with the lines that it has for itself. */
  #dropLines(node: Node): void {
    const before = /(?<=^|\n)[ \t]*$/.exec(this.#text.slice(0, node.start));
    const after = /^[ \t]*\r?\n/.exec(this.#text.slice(node.end));
    if (before === null || after === null) this.#replace("dropped-branch", node, "");
    else this.#add("dropped-branch", before.index, node.end + after[0].length, "");
  }

  #of(node: Node): string {
    return this.#text.slice(node.start, node.end);
  }

  /** Between two nodes its text stands alone, but for brackets and comments; where there are comments, it is left. */
  #operator(kind: BugKind, left: Node, right: Node, old: string, other: string): void {
    const gap = this.#text.slice(left.end, right.start);
    const at = gap.indexOf(old);
    if (at < 0 || gap.includes("//") || gap.includes("/*")) return;
    this.#add(kind, left.end + at, left.end + at + old.length, other);
  }

  #number(kind: BugKind, node: Operand): void {
    if (node.type !== "Literal" || !Number.isInteger(node.value)) return;
    const value = node.value as number;
    this.#replace(kind, node, String(value + 1));
    if (value > 0) this.#replace(kind, node, String(value - 1));
  }

  #shifted(kind: BugKind, node: Operand): void {
    this.#number(kind, node);
    if (!["Identifier", "MemberExpression", "CallExpression", "BinaryExpression"].includes(node.type)) return;
    this.#replace(kind, node, `${this.#of(node)} + 1`);
    this.#replace(kind, node, `${this.#of(node)} - 1`);
  }

  #swap(one: Operand, two: Operand): void {
    const [a, b, gap] = [this.#of(one), this.#of(two), this.#text.slice(one.end, two.start)];
    const spread = one.type === "SpreadElement" || two.type === "SpreadElement";
    if (!spread && gap.trim() === "," && a !== b && a.length + b.length < 200)
      this.#add("swapped-arguments", one.start, two.end, b + gap + a);
  }

  #literal(kind: BugKind, node: Node): void {
    const { type, value } = node as AnyNode & { value?: unknown };
    if (type !== "Literal") return;
    if (typeof value === "boolean") this.#replace(kind, node, String(!value));
    else if (Number.isInteger(value)) this.#replace(kind, node, String((value as number) + 1));
    else if (typeof value === "string" && ["", " ", ",", "&", "="].includes(value))
      this.#replace(kind, node, value === "" ? "' '" : "''");
  }
}

function isText(node: Operand): boolean {
  return node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node.value === "string");
}

/** Its name, or that of what it is assigned to; null outside of functions. */
function functionAround(ancestors: readonly Node[]): string | null {
  const names: string[] = [];
  let inside = false;
  for (const [i, node] of (ancestors as readonly AnyNode[]).slice(0, -1).entries()) {
    if (!/Function/.test(node.type) && node.type !== "MethodDefinition" && node.type !== "ClassDeclaration") continue;
    inside ||= /Function/.test(node.type);
    const holder = ancestors[i - 1] as AnyNode | undefined;
    const name = nameOf(node) ?? (holder === undefined ? null : nameOf(holder));
    if (name !== null && names.at(-1) !== name) names.push(name);
  }
  return inside ? names.join(".") || "anonymous" : null;
}

function nameOf(node: AnyNode): string | null {
  if (node.type === "MethodDefinition" || node.type === "Property") return identifier(node.key);
  if (node.type === "AssignmentExpression")
    return identifier(node.left.type === "MemberExpression" ? node.left.property : node.left);
  return "id" in node ? identifier(node.id) : null;
}

function identifier(node: Node | null | undefined): string | null {
  return node?.type === "Identifier" ? (node as Node & { name: string }).name : null;
}
