import { describe, expect, test } from "vitest";
import { instanceSchema } from "../../../../src/envs/swe/instance.ts";
import { protectionOf } from "../../../../src/envs/swe/score/protected.ts";

describe("what of a patch belongs to the tests", () => {
  const instance = instanceSchema.parse({
    instance_id: "a",
    repo: "a",
    base_commit: "a",
    problem_statement: "a",
    patch: [
      "diff --git a/lib/test/client.py b/lib/test/client.py\n--- a/lib/test/client.py\n+++ b/lib/test/client.py\n@@ -1 +1 @@\n-a\n+b\n",
      "diff --git a/setup.cfg b/setup.cfg\n--- a/setup.cfg\n+++ b/setup.cfg\n@@ -1 +1 @@\n-a\n+b\n",
    ].join(""),
    test_patch:
      "diff --git a/checks/one.py b/checks/one.py\n--- a/checks/one.py\n+++ b/checks/one.py\n@@ -1 +1 @@\n-a\n+b\n",
    FAIL_TO_PASS: ["suite/test_a.py::test_a"],
    PASS_TO_PASS: [],
  });
  const { isProtected, byReference } = protectionOf(instance);

  test.each([
    "suite/test_a.py",
    "checks/one.py",
    "conftest.py",
    "lib/deep/conftest.py",
    "pytest.ini",
    "pyproject.toml",
    "tests/helper.py",
    "lib/tests/data.json",
    "src/thing.test.ts",
    "pkg/thing_test.go",
    "pytest/__init__.py",
    "_pytest.py",
    "src/unittest.py",
    "sitecustomize.py",
    "lib/evil.pth",
    "evil.dist-info/entry_points.txt",
    "node_modules/chai/index.js",
    "package.json",
    "vitest.config.ts",
    "jest.config.cjs",
    ".npmrc",
    "suite",
  ])("%s is put back", (path) => {
    expect(isProtected(path)).toBe(true);
  });

  test.each([
    "lib/client.py",
    "src/thing.ts",
    "lib/test/client.py",
    "README.md",
    "latest/x.py",
    "lib/pytest_helper.py",
  ])("%s is the solution's", (path) => {
    expect(isProtected(path)).toBe(false);
  });

  test("what the reference solution does to configuration is taken from it, not from the agent", () => {
    expect([...byReference]).toEqual(["setup.cfg"]);
  });
});
