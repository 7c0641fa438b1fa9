/** Two small projects with a bug each, and what mends it. */
import type { InstanceInput } from "../../../../src/envs/swe/instance.ts";

export const pythonFiles: Readonly<Record<string, string>> = {
  "calc/__init__.py": "from calc.ops import add, scale\n",
  "calc/ops.py":
    "def add(a, b):\n    return a - b\n\n\ndef scale(values, by=2):\n    return [v * by for v in values]\n",
  "tests/__init__.py": "",
  "tests/test_ops.py": [
    "from calc import add, scale",
    "",
    "",
    "def test_add():",
    "    assert add(2, 3) == 5",
    "",
    "",
    "def test_add_negative():",
    "    assert add(-1, -2) == -3",
    "",
    "",
    "def test_scale():",
    "    assert scale([1, 2]) == [2, 4]",
    "",
  ].join("\n"),
  "tests/test_ops_unit.py": [
    "import unittest",
    "",
    "from calc import add, scale",
    "",
    "",
    "class Ops(unittest.TestCase):",
    "    def test_add(self):",
    "        self.assertEqual(add(2, 3), 5)",
    "",
    "    def test_scale(self):",
    "        self.assertEqual(scale([1]), [2])",
    "",
  ].join("\n"),
  "tests/conftest.py": "import pytest\n",
  "setup.cfg": "[tool:pytest]\naddopts = -ra\n",
};

export const pythonGold = `diff --git a/calc/ops.py b/calc/ops.py
--- a/calc/ops.py
+++ b/calc/ops.py
@@ -1,5 +1,5 @@
 def add(a, b):
-    return a - b
+    return a + b
 
 
 def scale(values, by=2):
`;

export const pytestInstance = {
  instance_id: "example__calc-1",
  patch: pythonGold,
  FAIL_TO_PASS: ["tests/test_ops.py::test_add", "tests/test_ops.py::test_add_negative"],
  PASS_TO_PASS: ["tests/test_ops.py::test_scale"],
} as const;

export const unittestInstance = {
  instance_id: "example__calc-2",
  patch: pythonGold,
  FAIL_TO_PASS: ["test_add (tests.test_ops_unit.Ops)"],
  PASS_TO_PASS: ["test_scale (tests.test_ops_unit.Ops)"],
} as const;

export const nodeFiles: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "calc", "type": "module", "scripts": { "test": "node --test" } }\n',
  "lib/ops.js":
    "export const add = (a, b) => a - b;\nexport const scale = (values, by = 2) => values.map((v) => v * by);\n",
  "test/ops.test.js": [
    'import assert from "node:assert";',
    'import { describe, test } from "node:test";',
    'import { add, scale } from "../lib/ops.js";',
    "",
    'describe("ops", () => {',
    '  test("adds", () => assert.strictEqual(add(2, 3), 5));',
    '  test("scales", () => assert.deepStrictEqual(scale([1]), [2]));',
    "});",
    "",
  ].join("\n"),
};

export const nodeGold = `diff --git a/lib/ops.js b/lib/ops.js
--- a/lib/ops.js
+++ b/lib/ops.js
@@ -1,2 +1,2 @@
-export const add = (a, b) => a - b;
+export const add = (a, b) => a + b;
 export const scale = (values, by = 2) => values.map((v) => v * by);
`;

export const nodeInstance = {
  instance_id: "example__calc-3",
  patch: nodeGold,
  FAIL_TO_PASS: ["test/ops.test.js > ops > adds"],
  PASS_TO_PASS: ["test/ops.test.js > ops > scales"],
} as const;

export type Environment = NonNullable<InstanceInput["environment"]>;
