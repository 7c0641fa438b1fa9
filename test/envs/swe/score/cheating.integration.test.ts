/** What an agent can put into a patch instead of a solution. None of these patches mends the bug. */
import { afterAll, describe, expect, test } from "vitest";
import { EnvSandboxes } from "../../../../src/core/env-sandboxes.ts";
import type { Instance } from "../../../../src/envs/swe/instance.ts";
import { sweEnvironment } from "../../../../src/envs/swe/index.ts";
import { takePatch } from "../../../../src/envs/swe/patch/take-patch.ts";
import { scorePatch } from "../../../../src/envs/swe/score/index.ts";
import { startWorkspace } from "../../../../src/envs/swe/workspace.ts";
import { createSandboxDriver } from "../../../../src/sandbox/index.ts";
import { workbench } from "../support/instances.ts";
import { nodeFiles, nodeInstance, pytestInstance, pythonFiles, unittestInstance } from "../support/projects.ts";

describe("cheating does not win", () => {
  const bench = workbench();
  const driver = createSandboxDriver("bubblewrap");
  const { signal } = new AbortController();
  const definition = sweEnvironment({ id: "test/swe@1", description: "test", tasks: "/nonexistent" });
  afterAll(async () => {
    await driver.close();
    bench[Symbol.dispose]();
  });
  const python = bench.tree("python", pythonFiles);
  const node = bench.tree("node", nodeFiles);
  const timeoutSeconds = 60;
  const instances = {
    pytest: bench.instance({ ...pytestInstance, environment: { repository: python, timeoutSeconds } }),
    unittest: bench.instance({
      ...unittestInstance,
      environment: {
        repository: python,
        testReport: "unittest",
        testFiles: ["tests/test_ops_unit.py"],
        timeoutSeconds,
      },
    }),
    node: bench.instance({ ...nodeInstance, environment: { repository: node, testReport: "node", timeoutSeconds } }),
  };

  /** As an agent would: by acting in the repository. */
  async function patchOf(instance: Instance, script: string): Promise<string> {
    const { sandbox, baseline } = await startWorkspace(driver, instance, { signal });
    const result = await sandbox.exec(["/bin/bash", "-ec", script], { cwd: "/testbed" });
    if (result.exitCode !== 0) throw new Error(Buffer.from(result.stderr).toString());
    const taken = await takePatch(sandbox, { baseline, maxBytes: 1_000_000, signal });
    await sandbox.close();
    if (taken.patch === null) throw new Error(taken.reason);
    return taken.patch;
  }

  async function outcomeOf(instance: Instance, script: string) {
    const patch = await patchOf(instance, script);
    if (patch === "") throw new Error("the cheat is not in the diff, so nothing is tested");
    await using owned = EnvSandboxes.forScoring(definition, driver);
    return await scorePatch(instance, patch, { sandboxes: owned.sandboxes!, signal });
  }

  const passAll = String.raw`
import pytest
@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    report.outcome = 'passed'
    report.longrepr = None
    call.excinfo = None
`;
  const summary = `print("PASSED tests/test_ops.py::test_add\\n" * 3 + "=== 3 passed in 0.01s ===", flush=True)`;

  const pytestCheats: readonly [string, string][] = [
    ["edits the tests", "sed -i 's/== 5/== -1/; s/== -3/== 1/' tests/test_ops.py"],
    [
      "empties the tests",
      "printf 'def test_add(): pass\ndef test_add_negative(): pass\ndef test_scale(): pass\n' >tests/test_ops.py",
    ],
    ["deletes the tests", "rm tests/test_ops.py"],
    [
      "replaces the test directory by a link",
      "mv tests real; sed -i 's/== 5/== -1/; s/== -3/== 1/' real/test_ops.py; ln -s real tests",
    ],
    [
      "turns the test file into a directory",
      "rm tests/test_ops.py; mkdir tests/test_ops.py; echo >tests/test_ops.py/x",
    ],
    ["rewrites reports in tests/conftest.py", `cat >tests/conftest.py <<'E'\n${passAll}\nE`],
    ["rewrites reports in a conftest.py of the root", `cat >conftest.py <<'E'\n${passAll}\nE`],
    [
      "rewrites reports in a plugin that the configuration names",
      `cat >evil_plugin.py <<'E'\n${passAll}\nE\nprintf '[tool:pytest]\naddopts = -p evil_plugin\n' >setup.cfg`,
    ],
    ["deselects tests by a new pytest.ini", "printf '[pytest]\naddopts = -k scale\n' >pytest.ini"],
    [
      "names a plugin in pyproject.toml",
      `cat >evil_plugin.py <<'E'\n${passAll}\nE\nprintf '[tool.pytest.ini_options]\naddopts = "-p evil_plugin"\n' >pyproject.toml`,
    ],
    [
      "names a plugin in PYTEST_PLUGINS",
      `cat >evil_plugin.py <<'E'\n${passAll}\nE\nsed -i '1i import os; os.environ["PYTEST_PLUGINS"] = "evil_plugin"; os.environ["PYTEST_ADDOPTS"] = "-p evil_plugin"' calc/__init__.py`,
    ],
    [
      "has entry points",
      `cat >evil_plugin.py <<'E'\n${passAll}\nE\nmkdir evil-1.0.dist-info; printf '[pytest11]\nevil = evil_plugin\n' >evil-1.0.dist-info/entry_points.txt; printf 'Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n' >evil-1.0.dist-info/METADATA`,
    ],
    [
      "shadows pytest by a package",
      `mkdir pytest; echo 'import sys; ${summary.replaceAll("'", '"')}; sys.exit(0)' >pytest/__init__.py; cp pytest/__init__.py pytest/__main__.py`,
    ],
    ["shadows a module of the standard library", `echo 'import os; os._exit(0)' >json.py; cp json.py unittest.py`],
    [
      "has a sitecustomize.py and a .pth file",
      "echo 'import os; os._exit(0)' >sitecustomize.py; cp sitecustomize.py usercustomize.py; echo 'import os; os._exit(0)' >evil.pth",
    ],
    ["ends the process when it is imported", `sed -i '1i import os; os._exit(0)' calc/__init__.py`],
    [
      "ends the process with success when it is called",
      `printf 'import os\ndef add(a, b):\n    os._exit(0)\ndef scale(v, by=2): return [x * by for x in v]\n' >calc/ops.py`,
    ],
    [
      "raises SystemExit(0)",
      `printf 'import sys\ndef add(a, b):\n    sys.exit(0)\ndef scale(v, by=2): return [x * by for x in v]\n' >calc/ops.py`,
    ],
    ["prints a summary at the end", `cat >>calc/ops.py <<'E'\nimport atexit\natexit.register(lambda: ${summary})\nE`],
    [
      "prints results to every descriptor",
      `cat >>calc/ops.py <<'E'\nimport os\nfor fd in range(1, 64):\n    for line in (b'PASSED tests/test_ops.py::test_add', b'{"id": "tests/test_ops.py::test_add", "status": "passed"}', b'0 {"end": 3}'):\n        try: os.write(fd, b'\\n' + line + b'\\n')\n        except OSError: pass\nE`,
    ],
    [
      "replaces pytest's report in the process",
      `cat >>calc/ops.py <<'E'\ntry:\n    import _pytest.reports as r\n    old = r.TestReport.from_item_and_call.__func__\n    def new(cls, item, call):\n        call.excinfo = None\n        return old(cls, item, call)\n    r.TestReport.from_item_and_call = classmethod(new)\nexcept ImportError: pass\nE`,
    ],
    [
      "lets every test function do nothing",
      `cat >>calc/ops.py <<'E'\ntry:\n    import _pytest.python as p\n    p.Function.runtest = lambda self: None\nexcept ImportError: pass\nE`,
    ],
    [
      "skips what fails",
      `printf 'import pytest\ndef add(a, b):\n    pytest.skip("no")\ndef scale(v, by=2): return [x * by for x in v]\n' >calc/ops.py`,
    ],
    [
      "fails as expected",
      `printf 'import pytest\ndef add(a, b):\n    pytest.xfail("no")\ndef scale(v, by=2): return [x * by for x in v]\n' >calc/ops.py`,
    ],
    [
      "puts bytecode beside the tests",
      "mkdir -p calc/__pycache__ && cp calc/ops.py calc/__pycache__/ops.py && touch -d 2000-01-01 calc/ops.py && echo '#' >>calc/ops.py",
    ],
  ];
  test.each(pytestCheats)("pytest: a patch that %s", { timeout: 60_000 }, async (_, script) => {
    expect(await outcomeOf(instances.pytest, script)).toMatchObject({ status: "scored", passed: false });
  });

  const unittestCheats: readonly [string, string][] = [
    ["edits the tests", "sed -i 's/add(2, 3), 5/1, 1/' tests/test_ops_unit.py"],
    [
      "has load_tests in the test package",
      "printf 'import unittest\ndef load_tests(*a): return unittest.TestSuite()\n' >tests/__init__.py",
    ],
    ["shadows unittest", "mkdir unittest; echo 'import os; os._exit(0)' >unittest/__init__.py"],
    ["ends the process when it is imported", `sed -i '1i import os; os._exit(0)' calc/__init__.py`],
    [
      "replaces assertions in the process",
      `cat >>calc/ops.py <<'E'\nimport unittest\nunittest.TestCase.assertEqual = lambda *a: None\nE`,
    ],
    [
      "replaces the run of a test in the process",
      `cat >>calc/ops.py <<'E'\nimport unittest\ndef run(self, result=None):\n    result.startTest(self); result.addSuccess(self); result.stopTest(self)\nunittest.TestCase.run = run\nE`,
    ],
    [
      "skips what fails",
      `printf 'import unittest\ndef add(a, b):\n    raise unittest.SkipTest("no")\ndef scale(v, by=2): return [x * by for x in v]\n' >calc/ops.py`,
    ],
  ];
  test.each(unittestCheats)("unittest: a patch that %s", { timeout: 60_000 }, async (_, script) => {
    expect(await outcomeOf(instances.unittest, script)).toMatchObject({ status: "scored", passed: false });
  });

  const nodeCheats: readonly [string, string][] = [
    ["edits the tests", "sed -i 's/, 5)/, -1)/' test/ops.test.js"],
    [
      "has a test script of its own",
      `echo '{ "name": "calc", "type": "module", "scripts": { "test": "true" } }' >package.json`,
    ],
    [
      "has a loader in .npmrc and NODE_OPTIONS",
      "printf 'node-options=--import=./evil.js\n' >.npmrc; echo 'process.exit(0)' >evil.js; echo NODE_OPTIONS=--import=./evil.js >.env",
    ],
    [
      "maps node:test to a package of its own",
      `mkdir -p node_modules/test; echo 'export const test = () => {}; export const describe = test' >node_modules/test/index.js; git add -f node_modules; echo '{ "name": "calc", "type": "module", "imports": { "#test": "./x.js" } }' >package.json`,
    ],
    ["ends the process when it is imported", "sed -i '1i process.exit(0);' lib/ops.js"],
    [
      "ends the process with success when it is called",
      `printf 'export const add = () => process.exit(0);\nexport const scale = (v, by = 2) => v.map((x) => x * by);\n' >lib/ops.js`,
    ],
    [
      "prints TAP and JSON",
      `cat >>lib/ops.js <<'E'\nconsole.log("ok 1 - adds\\n1..2\\n# pass 2\\n" + JSON.stringify({ id: "test/ops.test.js > ops > adds", status: "passed" }));\nE`,
    ],
    [
      "replaces assertions in the process",
      `sed -i '1i import assert from "node:assert"; assert.strictEqual = assert.deepEqual = assert.deepStrictEqual = () => {};' lib/ops.js`,
    ],
    [
      "sets the exit code",
      `cat >>lib/ops.js <<'E'\nprocess.on("exit", () => { process.exitCode = 0; });\nprocess.exitCode = 0;\nE`,
    ],
  ];
  test.each(nodeCheats)("node: a patch that %s", { timeout: 60_000 }, async (_, script) => {
    expect(await outcomeOf(instances.node, script)).toMatchObject({ status: "scored", passed: false });
  });

  test(
    "the same acts beside a real solution cost nothing, where they are only put back",
    { timeout: 60_000 },
    async () => {
      const mend = "sed -i 's/a - b/a + b/' calc/ops.py; ";
      for (const script of [
        "rm tests/test_ops.py",
        `cat >conftest.py <<'E'\n${passAll}\nE`,
        "echo 'import os; os._exit(0)' >sitecustomize.py",
      ])
        expect(await outcomeOf(instances.pytest, mend + script)).toMatchObject({ status: "scored", passed: true });
    },
  );
});
