/** The same claims, of swe/repo@1 itself: a shell in a sandbox, a diff, a score from a fresh one. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sweEnvironment } from "../../src/envs/swe/index.ts";
import { createSandboxDriver } from "../../src/sandbox/index.ts";
import { exportRun } from "../../src/store/index.ts";
import { workbench } from "../envs/swe/support/instances.ts";
import { pytestInstance, pythonFiles } from "../envs/swe/support/projects.ts";
import { learningSuite } from "../support/swe-learning.ts";

const bench = workbench();
const driver = createSandboxDriver("bubblewrap");
afterAll(async () => {
  await driver.close();
  bench[Symbol.dispose]();
});
const { available, reason, fix } = await driver.probe();
if (!available) process.stderr.write(`swe-learning.integration: skipped, no sandbox: ${reason}. ${fix}\n`);

describe.skipIf(!available)("an update from judged episodes of swe/repo@1", () => {
  const runDirectory = join(bench.directory, "run");
  const repository = bench.tree("python", pythonFiles);
  const instance = bench.instance({ ...pytestInstance, environment: { repository, timeoutSeconds: 60 } });
  writeFileSync(join(bench.directory, "train.jsonl"), `${JSON.stringify(instance)}\n`);

  learningSuite(async () => ({
    definition: sweEnvironment({ id: "swe/calc@1", description: "A calculator.", tasks: bench.directory }),
    driver,
    commands: {
      look: "cat calc/ops.py",
      break: "sed -i 's/a - b/a * b/' calc/ops.py; false",
      test: "python3 -m pytest -q",
      fix: "sed -i 's/a \\* b/a + b/' calc/ops.py",
    },
    runDirectory,
  }));

  it("leaves a prediction that is the fix and nothing else", async () => {
    const out = join(bench.directory, "predictions.jsonl");
    const { written } = await exportRun(runDirectory, { format: "swebench", out });
    expect(written).toBe(1);
    const prediction = JSON.parse(readFileSync(out, "utf8")) as Record<string, string>;
    expect(prediction).toMatchObject({ instance_id: "example__calc-1" });
    expect(prediction["model_patch"]!.split("\n").filter((line) => /^[-+]/.test(line))).toEqual([
      "--- a/calc/ops.py",
      "+++ b/calc/ops.py",
      "-    return a - b",
      "+    return a + b",
    ]);
  });
});
