/** SWE-bench's predictions: `{instance_id, model_name_or_path, model_patch}`, one line an instance. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import type { EpisodeStartEvent, LogEvent } from "../../src/core/events.ts";
import { exportRun, openStore } from "../../src/store/index.ts";
import { endEvent, startEvent, temporaryRoot, type EpisodePlan } from "./support.ts";

const root = temporaryRoot();
let counter = 0;

interface Played extends EpisodePlan {
  /** The task's data; its id is `train/GROUP`. */
  readonly data?: JsonObject;
  readonly artifacts?: JsonValue;
}

const error = {
  code: "ERR_SANDBOX_LOST",
  boundary: "sandbox",
  retryable: true,
  message: "the container is gone",
} as const;

/** A run of these episodes; one without artifacts ended in an error, one with `end: false` has not ended. */
async function runOf(episodes: readonly Played[]): Promise<string> {
  const directory = join(root, `run-${counter++}`);
  await using log = await openStore(directory, { mode: "create" });
  for (const { data = {}, artifacts, ...plan } of episodes) {
    const start: EpisodeStartEvent = startEvent(plan);
    const events: LogEvent[] = [{ ...start, actor: "openai:http://x/v1#m", task: { ...start.task, data } }];
    const stored = artifacts === undefined ? null : await log.store(artifacts);
    const ending = stored
      ? { artifacts: stored }
      : { artifacts: null, error, stopReason: "environment_error" as const };
    if (plan.end !== false) events.push(endEvent(start.episodeId, 2, ending));
    await log.appendAll(events);
  }
  return directory;
}

const group = (groupId: string, attempt = 0): EpisodePlan => ({ groupId, attempt });
const patch = (name: string): string =>
  `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n@@ -1 +1 @@\n-a\n+b\n`;
const linesOf = (path: string): JsonValue[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonValue);

describe("an export for SWE-bench", () => {
  test("has one line an instance, under the instance's own id, with the patch as it was", async () => {
    const large = patch("large").repeat(200);
    const directory = await runOf([
      { ...group("g0"), data: { instance_id: "django__django-1" }, artifacts: { patch: large, other: 1 } },
      { ...group("g1"), artifacts: { patch: "" } },
      { ...group("g2"), artifacts: { patch: "", reason: "it is too large" } },
    ]);
    const out = join(directory, "predictions.jsonl");
    expect(await exportRun(directory, { format: "swebench" })).toEqual({
      rows: "predictions",
      written: 3,
      out,
      gaps: [],
    });
    const model_name_or_path = "openai:http://x/v1#m";
    expect(linesOf(out)).toEqual([
      { instance_id: "django__django-1", model_name_or_path, model_patch: large },
      { instance_id: "train/g1", model_name_or_path, model_patch: "" },
      { instance_id: "train/g2", model_name_or_path, model_patch: "" },
    ]);
  });

  test("takes the first attempt, or the one that is named, in its latest try, and the first group of an instance", async () => {
    const data = { instance_id: "i" };
    const directory = await runOf([
      { ...group("g0"), data },
      { ...group("g0", 1), data, artifacts: { patch: "second" } },
      { ...group("g0"), retry: 1, data, artifacts: { patch: "first" } },
      { ...group("g1"), data, artifacts: { patch: "of another group" } },
    ]);
    const patchesOf = async (options: { attempt?: number }) => {
      const { out } = await exportRun(directory, { format: "swebench", ...options });
      return linesOf(out).map((line) => (line as JsonObject)["model_patch"]);
    };
    expect(await patchesOf({})).toEqual(["first"]);
    expect(await patchesOf({ attempt: 1 })).toEqual(["second"]);
    await expect(patchesOf({ attempt: 2 })).rejects.toMatchObject({
      code: "ERR_EXPORT_NO_PATCHES",
      message: expect.stringMatching(/no group of the run has an attempt 2/),
    });
  });

  test("names the instances that left no patch, and why", async () => {
    const directory = await runOf([
      { ...group("g0"), data: { instance_id: "lost" } },
      { ...group("g1"), data: { instance_id: "open" }, end: false },
      { ...group("g2"), data: { instance_id: "fixed" }, artifacts: { patch: patch("a") } },
    ]);
    const { written, gaps } = await exportRun(directory, { format: "swebench" });
    expect([written, gaps]).toEqual([
      1,
      [
        { instance_id: "lost", reason: "the container is gone" },
        { instance_id: "open", reason: "it has not ended" },
      ],
    ]);
  });

  test("of a run without patches says so, and writes no file", async () => {
    const directory = await runOf([{ ...group("g0"), artifacts: { files: {} } }]);
    await expect(exportRun(directory, { format: "swebench" })).rejects.toMatchObject({
      code: "ERR_EXPORT_NO_PATCHES",
      boundary: "config",
      message: expect.stringContaining("train/g0: its artifacts hold no patch"),
    });
    expect(existsSync(join(directory, "predictions.jsonl"))).toBe(false);
    await expect(exportRun(directory, { format: "jsonl", attempt: 1 })).rejects.toThrow(/--attempt is for/);
  });
});
