import { describe, expect, test } from "vitest";
import { instanceSchema } from "../../../../src/envs/swe/instance.ts";
import { resolve } from "../../../../src/envs/swe/score/resolve.ts";
import type { TestStatus } from "../../../../src/envs/swe/tests/statuses.ts";

const instance = (failToPass: string[], passToPass: string[]) =>
  instanceSchema.parse({
    instance_id: "a",
    repo: "a/a",
    base_commit: "a",
    problem_statement: "a",
    patch: "",
    FAIL_TO_PASS: failToPass,
    PASS_TO_PASS: passToPass,
  });
const verdict = (failToPass: string[], passToPass: string[], results: Record<string, TestStatus>) =>
  resolve(instance(failToPass, passToPass), new Map(Object.entries(results)));

describe("resolved, as SWE-bench defines it", () => {
  test("all of FAIL_TO_PASS and all of PASS_TO_PASS have to pass", () => {
    const all = { a: "passed", b: "passed", c: "passed" } as const;
    expect(verdict(["a"], ["b", "c"], all)).toMatchObject({ resolved: true, score: 1, failed: [] });
    expect(verdict(["a"], ["b", "c"], { ...all, c: "failed" })).toMatchObject({ resolved: false, score: 0.5 });
    expect(verdict(["a", "b"], ["c"], { ...all, b: "error" })).toMatchObject({ resolved: false, score: 0.5 });
    expect(verdict(["a"], ["b"], { a: "failed", b: "passed" })).toMatchObject({ score: 0, failed: ["a"] });
    expect(verdict(["a"], [], { a: "passed" })).toMatchObject({ resolved: true });
  });

  test("a test that was skipped or did not run has not passed", () => {
    expect(verdict(["a"], [], { a: "skipped" }).resolved).toBe(false);
    expect(verdict(["a"], [], {}).resolved).toBe(false);
  });

  test("ids that end at their first blank fit all tests that begin so", () => {
    const results = { "t.py::a[x y]": "passed", "t.py::a[x z]": "passed" } as const;
    expect(verdict(["t.py::a[x"], [], results).resolved).toBe(true);
    expect(verdict(["t.py::a[x"], [], { ...results, "t.py::a[x z]": "failed" }).resolved).toBe(false);
  });

  test("unittest's two ways to write an id, names without files, and bare names of functions are one test", () => {
    expect(verdict(["test_a (m.C.test_a)"], [], { "test_a (m.C)": "passed" }).resolved).toBe(true);
    expect(verdict(["a.test.js > s > t"], [], { "s > t": "passed" }).resolved).toBe(true);
    expect(verdict(["test_a"], [], { "x/test_x.py::test_a": "passed" }).resolved).toBe(true);
    expect(verdict(["test_a"], [], { "x.py::test_a": "passed", "y.py::test_a": "failed" }).resolved).toBe(false);
  });
});
