/** The files in outputs/ are what the programs really printed, run on projects with a test of every kind. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseLog } from "../../../../src/envs/swe/tests/logs/index.ts";

const output = (name: string) => readFileSync(new URL(`outputs/${name}.txt`, import.meta.url), "utf8");

describe("results are read from what test programs print", () => {
  test("pytest -rA: only the summary counts, not a test that prints like one; a failing teardown is an error", () => {
    expect(Object.fromEntries(parseLog.pytest(output("pytest-7.2")))).toEqual({
      "tests/test_a.py::test_ok": "passed",
      "tests/test_a.py::test_td": "error",
      "tests/test_a.py::test_p[a b]": "passed",
      "tests/test_a.py::test_p[\\xe9]": "passed",
      "tests/test_a.py::test_p[3]": "passed",
      "tests/test_a.py::T::test_u": "passed",
      "tests/test_a.py::test_xf": "passed",
      "tests/test_a.py::test_xp": "passed",
      "tests/test_a.py::test_err": "error",
      "tests/test_a.py::test_bad": "failed",
      "tests/test_a.py::T::test_sub": "failed",
    });
  });

  test("unittest -v: docstrings, printed text and repeated method names do not confuse it", () => {
    const results = {
      "test_e (tests.test_u.T)": "error",
      "test_f (tests.test_u.T)": "failed",
      "test_p (tests.test_u.T)": "passed",
      "test_s (tests.test_u.T)": "skipped",
      "test_u (tests.test_u.T)": "passed",
      "test_x (tests.test_u.T)": "passed",
    };
    expect(Object.fromEntries(parseLog.unittest(output("unittest-3.11")))).toEqual(results);
    const older = output("unittest-3.11").replaceAll(/\(tests\.test_u\.T\.\w+\)/g, "(tests.test_u.T)");
    expect(Object.fromEntries(parseLog.unittest(older))).toEqual(results);
  });

  test("node --test: suites and whole files are no tests, whatever is indented in a stack is none either", () => {
    expect(Object.fromEntries(parseLog.node(output("node-20")))).toEqual({
      top: "passed",
      fails: "failed",
      "suite > one": "passed",
      "suite > two": "failed",
      "suite > deep > three": "passed",
      "suite > sk": "skipped",
      "suite > td": "skipped",
      "parent > child": "passed",
      "parent > bad": "failed",
      parent: "failed",
      "/testbed/c.test.js": "failed",
    });
  });

  test.each(["vitest", "jest"] as const)("%s: its JSON report", (kind) => {
    const file = kind === "vitest" ? "vitest-4" : "jest-29";
    expect(Object.fromEntries(parseLog[kind](output(file)))).toEqual({
      "a.test.js > top": "passed",
      "a.test.js > fails": "failed",
      "a.test.js > suite > one": "passed",
      "a.test.js > suite > deep > three": "passed",
      "a.test.js > suite > sk": "skipped",
      "a.test.js > suite > td": "skipped",
      "a.test.js > suite > xf": "passed",
    });
  });

  test("go test -json: a test that prints like another's result changes nothing", () => {
    expect(Object.fromEntries(parseLog.go(output("go-1.26")))).toEqual({
      "example.com/m::TestOk": "passed",
      "example.com/m::TestBad": "failed",
      "example.com/m::TestSkip": "skipped",
      "example.com/m::TestSub": "failed",
      "example.com/m::TestSub/a_b": "passed",
      "example.com/m::TestSub/c": "failed",
    });
  });

  test("go: a test that began and has no end is an error", () => {
    const lines = output("go-1.26").split("\n");
    const cut = lines
      .slice(
        0,
        lines.findIndex((line) => line.includes('"Action":"fail"')),
      )
      .join("\n");
    expect(parseLog.go(cut).get("example.com/m::TestBad")).toBe("error");
  });

  test("a second, better result of a test does not replace the first", () => {
    const log = "= short test summary info =\nFAILED a.py::t - x\nPASSED a.py::t\n";
    expect(parseLog.pytest(log).get("a.py::t")).toBe("failed");
    const event = (Action: string) => JSON.stringify({ Action, Package: "p", Test: "T" });
    expect(parseLog.go([event("fail"), event("pass")].join("\n")).get("p::T")).toBe("failed");
  });

  test("rubbish has no results", () => {
    for (const parse of Object.values(parseLog))
      for (const log of ["", '\n{\n{}\n{"testResults": 1}\nPASSED\nok\nnot ok\n', "{".repeat(1000)])
        expect(parse(log).size).toBe(0);
  });
});
