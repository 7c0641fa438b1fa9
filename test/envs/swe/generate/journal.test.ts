import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Journal } from "../../../../src/envs/swe/generate/journal.ts";
import type { Verdict } from "../../../../src/envs/swe/generate/judge-bug.ts";

let place = "";
beforeEach(() => (place = mkdtempSync(join(tmpdir(), "afterstate-test-"))));
afterEach(() => rmSync(place, { recursive: true }));

const released = { stable: ["a.py::test_a"], unreached: { "a.py": [[0, 3] as [number, number]] } };
const open = (project = "tree") => Journal.open(join(place, "deep", "j.jsonl"), project, async () => released);
const kept: Verdict = {
  kept: true,
  failing: ["a.py::test_a"],
  failures: { "a.py::test_a": { type: "AssertionError", message: "1\n2", line: 3, values: {} } },
  hidden: "tests",
};

test("what was found out is known again, and the project is not asked twice", async () => {
  await (await open()).add("k1", kept);
  const again = await Journal.open(join(place, "deep", "j.jsonl"), "tree", () => Promise.reject(new Error("asked")));
  expect([again.released, again.verdict("k1"), again.verdict("k2")]).toEqual([released, kept, undefined]);
});

test("a line that a killed run left unfinished costs nothing but itself", async () => {
  const journal = await open();
  await journal.add("k1", kept);
  appendFileSync(join(place, "deep", "j.jsonl"), '\n{"key":"k2","verd');
  await (await open()).add("k3", { kept: false, why: "no test fails" });
  const again = await open();
  expect([again.verdict("k1"), again.verdict("k2"), again.verdict("k3")?.kept]).toEqual([kept, undefined, false]);
});

test("another tree begins anew", async () => {
  await (await open()).add("k1", kept);
  expect((await open("other tree")).verdict("k1")).toBeUndefined();
});
