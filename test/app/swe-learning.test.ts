import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { exportRun } from "../../src/store/index.ts";
import { learningSuite } from "../support/swe-learning.ts";
import { tinyRepository } from "../support/tiny-repository.ts";

const directory = await mkdtemp(join(tmpdir(), "afterstate-swe-learning-"));
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("an update from judged episodes of a repository without a sandbox", () => {
  const runDirectory = join(directory, "run");
  learningSuite(async () => ({
    definition: tinyRepository,
    driver: null,
    commands: { look: "look", break: "break", test: "test", fix: "fix" },
    runDirectory,
  }));

  it("leaves the run's patches to be exported: one line for the instance, of its first attempt", async () => {
    const { written, gaps } = await exportRun(runDirectory, { format: "swebench" });
    expect([written, gaps]).toEqual([1, []]);
  });
});
