import { describe, expect, test } from "vitest";
import { createRandom } from "../../../../../src/core/random.ts";
import { changesOf, inTurns, makeBug } from "../../../../../src/envs/swe/generate/mutate/bug.ts";
import { javascriptSites, parseJavascript } from "../../../../../src/envs/swe/generate/mutate/javascript-sites.ts";
import { applyEdits, type Site } from "../../../../../src/envs/swe/generate/mutate/site.ts";
import { pythonSites } from "../../../../../src/envs/swe/generate/programs/python-syntax.ts";
import { askPython } from "../python.ts";

const inPython = (text: string) => askPython(pythonSites, { "a.py": text }) as Site[];
const inJavascript = (text: string) => javascriptSites("a.js", text);

/** What each kind makes of the text, without what surrounds the body. */
function results(sites: readonly Site[], text: string, kind: string): string[] {
  return sites.filter((site) => site.kind === kind).map((site) => applyEdits(text, [site]));
}

describe("bugs in Python", () => {
  const body = (text: string) => `def f(a, b, items, flag=True):\n    ${text}\n`;
  const of = (text: string, kind: string) => results(inPython(body(text)), body(text), kind);

  test.each<[kind: string, text: string, bugs: string[]]>([
    ["operator", "return a + b", ["return a - b"]],
    ["operator", "return not a", ["return a"]],
    ["operator", "return (a) and (b)", ["return (a) or (b)"]],
    ["operator", "return a not in items", ["return a in items"]],
    ["operator", "a += b", ["a -= b"]],
    ["bound", "return a < 3", ["return a <= 3", "return a < 4", "return a < 2"]],
    ["bound", "return range(a)", ["return range(a + 1)", "return range(a - 1)"]],
    ["slice", "return items[1:-1]", ["return items[2:-1]", "return items[0:-1]", "return items[1:-2]"]],
    ["slice", "return items[:a]", ["return items[:a + 1]", "return items[:a - 1]"]],
    ["swapped-arguments", "return g(a, b)", ["return g(b, a)"]],
    ["wrong-default", "return items.get(a, 0)", ["return items.get(a, 1)"]],
    ["wrong-constant", "return False", ["return True"]],
    ["dropped-branch", "return a if flag else b", ["return a", "return b"]],
  ])("%s: %s", (kind, text, bugs) => {
    const found = of(text, kind).filter((result) => result.startsWith("def f(a, b, items, flag=True)"));
    expect(found).toEqual(bugs.map(body));
  });

  test("drop each branch of a chain alone, with its own lines", () => {
    const text = body("if a:\n        x = 1\n    elif b:\n        x = 2\n    else:\n        x = 3\n    return x");
    expect(results(inPython(text), text, "dropped-branch")).toEqual([
      body("if a:\n        x = 1\n    else:\n        x = 3\n    return x"),
      body("if a:\n        x = 1\n    elif b:\n        x = 2\n    return x"),
    ]);
  });

  test("leave a block that would be empty with pass", () => {
    const text = body("if a:\n        return b");
    expect(results(inPython(text), text, "dropped-branch")).toEqual([body("pass")]);
  });

  test("change a default where it is written", () => {
    expect(of("pass", "wrong-default")).toEqual(["def f(a, b, items, flag=False):\n    pass\n"]);
  });

  test("are put at the right place behind characters of several bytes", () => {
    const text = 'def f(a):\n    s = "é😀"; return a + 1\n';
    expect(results(inPython(text), text, "operator")).toEqual(['def f(a):\n    s = "é😀"; return a - 1\n']);
  });

  test.each([
    ["outside of functions", "x = 1 + 2\n"],
    ["in a docstring", 'def f():\n    """1 + 2 < 3"""\n'],
    ["in an assertion", "def f(a):\n    assert a < 3\n"],
    ["where text is put together", 'def f(a):\n    return "a" + a\n'],
    ["in an f-string, whose positions are not to be trusted", 'def f(a):\n    return f"{a + 1}"\n'],
  ])("are not put %s", (_, text) => {
    expect(inPython(text)).toEqual([]);
  });
});

describe("bugs in JavaScript", () => {
  const body = (text: string) => `function f(a, b, items) { ${text} }`;

  test.each<[kind: string, text: string, bugs: string[]]>([
    ["operator", "return a + b;", ["return a - b;"]],
    ["operator", "return !a;", ["return a;"]],
    ["operator", "return (a) && (b);", ["return (a) || (b);"]],
    ["operator", "return a === b;", ["return a !== b;"]],
    ["bound", "return a < 3;", ["return a <= 3;", "return a < 2;", "return a < 4;"]],
    ["slice", "return items.slice(1);", ["return items.slice(0);", "return items.slice(2);"]],
    ["slice", "return items[0];", ["return items[1];"]],
    ["swapped-arguments", "return g(a, b);", ["return g(b, a);"]],
    ["wrong-default", "return a || 5;", ["return a || 6;"]],
    ["wrong-constant", "return false;", ["return true;"]],
    ["dropped-branch", "return a ? b : 1;", ["return 1;", "return b;"]],
    ["dropped-branch", "if (a) { b(); } else { g(); }", ["if (a) { b(); }"]],
  ])("%s: %s", (kind, text, bugs) => {
    const found = results(inJavascript(body(text)), body(text), kind).map((result) => result.replaceAll(/ +/g, " "));
    expect(found.toSorted()).toEqual(bugs.map(body).toSorted());
  });

  test("take a dropped branch away with its own lines", () => {
    const text = "function f(a) {\n  if (a) {\n    g();\n  }\n  return a;\n}\n";
    expect(results(inJavascript(text), text, "dropped-branch")).toEqual(["function f(a) {\n  return a;\n}\n"]);
  });

  test("say in which function they are", () => {
    const text = "exports.parse = function (a) { return a < 1; };\nclass A { at(i) { return i > 0; } }";
    expect(inJavascript(text).map((site) => site.function)).toEqual(expect.arrayContaining(["parse", "A.at"]));
  });

  test("always leave a program", () => {
    const text = `
      export function f(a = 1, { b = true } = {}) {
        for (let i = 0; i < a.length; i++) if (a[i] && !b) return g(a.slice(i, -1), b ? 1 : 2); else b += 2;
        return { keep: false, a: a || "," };
      }`;
    const sites = inJavascript(text);
    expect(sites.length).toBeGreaterThan(15);
    for (const site of sites) expect(() => parseJavascript(applyEdits(text, [site]))).not.toThrow();
  });
});

describe("the order in which bugs are tried", () => {
  const site = (kind: Site["kind"], start: number): Site => ({
    path: "a.py",
    function: "f",
    kind,
    start,
    end: start,
    replacement: "x",
  });
  const sites = [...Array(20).keys()].map((start) => site(start < 18 ? "operator" : "slice", start));

  test("is the seed's alone, and the kinds take turns", () => {
    const order = inTurns(sites, createRandom(1));
    expect(order).toEqual(inTurns(sites, createRandom(1)));
    expect(order).not.toEqual(inTurns(sites, createRandom(2)));
    expect(new Set(order)).toEqual(new Set(sites));
    expect(order.slice(0, 4).filter(({ kind }) => kind === "slice")).toHaveLength(2);
  });

  test("a bug has one key, however its edits are ordered", () => {
    expect(makeBug([sites[1]!, sites[0]!]).key).toBe(makeBug([sites[0]!, sites[1]!]).key);
    expect(makeBug([sites[1]!]).key).not.toBe(makeBug([sites[0]!]).key);
  });

  test("edits of several files change each of them once", () => {
    const bug = makeBug([site("slice", 1), { ...site("slice", 0), path: "b.py" }]);
    const texts = new Map([
      ["a.py", "ab"],
      ["b.py", "c"],
      ["c.py", "d"],
    ]);
    expect([...changesOf(bug, texts)]).toEqual([
      ["a.py", "axb"],
      ["b.py", "xc"],
    ]);
  });

  test("edits that overlap are refused", () => {
    expect(() =>
      applyEdits("abc", [
        { start: 0, end: 2, replacement: "" },
        { start: 1, end: 3, replacement: "" },
      ]),
    ).toThrow(RangeError);
  });
});
