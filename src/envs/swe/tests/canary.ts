/**
 * A test that must fail, beside the instance's own. Code that rewrites every report, or lets every assertion hold, makes it
 * pass, and is found out by it. Its name is new each time and looks like any other.
 */
import { randomInt } from "node:crypto";
import { posix } from "node:path";
import type { TestReport } from "../instance.ts";

export interface Canary {
  readonly path: string;
  readonly content: string;
  /** Whether a test id is its own. */
  readonly owns: (id: string) => boolean;
}

const words = [
  "empty",
  "nested",
  "default",
  "unicode",
  "repeated",
  "missing",
  "large",
  "ordered",
  "invalid",
  "partial",
];
const things = ["input", "values", "options", "names", "path", "result", "state", "items", "key", "text"];

/** null: for these tests there is none. @param testFiles from the repository's root. */
export function makeCanary(report: TestReport, testFiles: readonly string[]): Canary | null {
  const beside = testFiles[0];
  if (beside === undefined || report === "go") return null;
  const pick = (list: readonly string[]) => list[randomInt(list.length)]!;
  const name = `${pick(words)}_${pick(things)}_${randomInt(10, 10_000)}`;
  const { dir, ext } = posix.parse(beside);
  if (report === "pytest" || report === "unittest") {
    const path = posix.join(dir, `test_${name}.py`);
    const body = report === "pytest" ? pytestBody(name) : unittestBody(name);
    return { path, content: body, owns: (id) => id.includes(name) };
  }
  const path = posix.join(dir, `${name.replaceAll("_", "-")}.test${ext}`);
  const title = name.replaceAll("_", " ");
  return { path, content: bodies[report](JSON.stringify(title)), owns: (id) => id.includes(title) };
}

const pytestBody = (name: string) => `def test_${name}():
    assert sorted([3, 1, 2]) == [3, 1, 2]
`;

const unittestBody = (name: string) => `import unittest


class ${name.replaceAll(/(?:^|_)(.)/g, (_, first: string) => first.toUpperCase())}(unittest.TestCase):
    def test_${name}(self):
        self.assertEqual(sorted([3, 1, 2]), [3, 1, 2])
`;

/** Whatever the module system is. */
const bodies = {
  node: (
    title: string,
  ) => `Promise.all([import("node:test"), import("node:assert")]).then(([{ test }, { default: assert }]) =>
  test(${title}, () => assert.deepEqual([3, 1, 2].sort(), [3, 1, 2])),
);
`,
  vitest: (title: string) => `const { test, expect } = await import("vitest");
test(${title}, () => expect([3, 1, 2].sort()).toEqual([3, 1, 2]));
`,
  jest: (title: string) => `test(${title}, () => expect([3, 1, 2].sort()).toEqual([3, 1, 2]));
`,
};
