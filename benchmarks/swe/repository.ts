/** A repository of 200 Python files with one bug and a test for it: as much as a checkout and a test run cost, without a network. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { InstanceInput } from "../../src/envs/swe/instance.ts";

const moduleCount = 190;

const head = (bound: string): string =>
  `def head(items, count):\n    """The first few items."""\n    return items[:${bound}]\n`;
const wrong = "count - 1";
const right = "count";

/** An agent's steps: look, see the test fail, fix, see it pass, look at the change. */
export const episodeCommands: readonly string[] = [
  "grep -rn 'def head' --include=*.py . | head",
  "python3 -m pytest -q tests/test_head.py 2>&1 | tail -3",
  `sed -i 's/items\\[:${wrong}\\]/items[:${right}]/' package/slices.py`,
  "python3 -m pytest -q tests/test_head.py 2>&1 | tail -3",
  "git diff",
];

const testFile = (name: string, count: number): string =>
  `from package.slices import head\n\n\ndef test_${name}():\n    assert head([1, 2, 3], ${count}) == [1, 2, 3][:${count}]\n`;

function files(): Map<string, string> {
  const contents = new Map<string, string>([
    ["package/__init__.py", ""],
    ["package/slices.py", head(wrong)],
    ["tests/test_head.py", testFile("head", 2)],
    ["tests/test_empty.py", testFile("empty", 1).replaceAll("[1, 2, 3]", "[]")],
    ["README.md", "# A package\n"],
  ]);
  for (let index = 0; index < moduleCount; index++) {
    const functions = Array.from({ length: 20 }, (_, i) => `def work_${i}(value):\n    return value * ${index + i}\n`);
    contents.set(`package/module_${index}.py`, functions.join("\n\n"));
  }
  return contents;
}

/** @returns the instance, whose repository is a directory below `directory`. */
export async function makeRepository(directory: string): Promise<InstanceInput & { readonly instance_id: string }> {
  const repository = join(directory, "repository");
  for (const [path, content] of files()) {
    await mkdir(join(repository, dirname(path)), { recursive: true });
    await writeFile(join(repository, path), content);
  }
  const [before, after] = [head(wrong), head(right)].map((text) => text.split("\n")[2]!);
  return {
    instance_id: "benchmark__package-1",
    repo: "benchmark/package",
    base_commit: "0".repeat(40),
    problem_statement: "head([1, 2, 3], 2) gives [1]; it should give [1, 2].",
    patch: `--- a/package/slices.py\n+++ b/package/slices.py\n@@ -3 +3 @@\n-${before}\n+${after}\n`,
    test_patch: "",
    FAIL_TO_PASS: ["tests/test_head.py::test_head"],
    PASS_TO_PASS: ["tests/test_empty.py::test_empty"],
    environment: { repository, testReport: "pytest", testFiles: ["tests/test_head.py", "tests/test_empty.py"] },
  };
}
