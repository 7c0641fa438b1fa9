/** The quick set, from the registries to instances that validate: real sources, real sandboxes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { validate } from "../../../../src/app/validate.ts";
import { splits } from "../../../../src/core/task.ts";
import { generate, type GenerateReport } from "../../../../src/envs/swe/generate/index.ts";
import type { Instance } from "../../../../src/envs/swe/instance.ts";
import { patchedPaths } from "../../../../src/envs/swe/patch/patched-paths.ts";
import { readInstances } from "../../../../src/envs/swe/read-instances.ts";
import { createSandboxDriver } from "../../../../src/sandbox/index.ts";

describe("the quick set", { timeout: 600_000 }, () => {
  const driver = createSandboxDriver("bubblewrap");
  let directory = "";
  const make = (spent: () => boolean = () => false): Promise<GenerateReport> =>
    generate({
      directory,
      quick: true,
      seed: 7,
      sandboxes: driver,
      parallel: 2,
      spent,
      signal: new AbortController().signal,
    });
  const files = () => splits.map((split) => readFileSync(join(directory, `${split}.jsonl`), "utf8"));
  let instances: Instance[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "afterstate-generate-"));
    let asked = 0;
    const cut = await make(() => ++asked > 3);
    expect(cut.complete).toBe(false);
    expect((await make()).complete).toBe(true);
    instances = splits.flatMap((split) => readInstances(join(directory, `${split}.jsonl`)));
  }, 600_000);
  afterAll(async () => {
    await driver.close();
    rmSync(directory, { recursive: true });
  });

  test("has instances in every split, each of a project of its own", () => {
    expect(instances).toHaveLength(6);
    expect(new Set(instances.map(({ repo }) => repo)).size).toBe(3);
  });

  test("is the same when it is made again from what was found out", async () => {
    const before = files();
    rmSync(join(directory, "finished"), { recursive: true });
    await make();
    expect(files()).toEqual(before);
  });

  test("tells of each bug without naming a test or showing the change", () => {
    for (const { problem_statement: statement, FAIL_TO_PASS, patch } of instances) {
      expect(statement.length).toBeGreaterThan(80);
      // A title such as "parse" is also the name of what it tests.
      const names = FAIL_TO_PASS.map((id) => id.split(/::| > /).at(-1)!).filter((name) => /^test/i.test(name));
      for (const name of names) expect(statement).not.toContain(name);
      for (const { path } of patchedPaths(patch)) expect(statement).not.toContain(path);
    }
  });

  test("mends sources by its patch, and brings back tests by its test patch", () => {
    for (const { patch, test_patch } of instances) {
      expect(patchedPaths(patch).every(({ path }) => !/test/.test(path))).toBe(true);
      expect(patchedPaths(test_patch).every(({ path }) => /test/.test(path))).toBe(true);
      expect(test_patch).not.toBe("");
    }
  });

  test("validates: gold resolves, doing nothing does not", async () => {
    vi.stubEnv("AFTERSTATE_SWE_TASKS", directory);
    const report = await validate("swe/repo@1", { tasks: 4 });
    vi.unstubAllEnvs();
    expect(report).toMatchObject({ tasks: 4, goldPassed: 4, nopFailed: 4, failures: [] });
  });
});
