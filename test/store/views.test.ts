import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Transition } from "../../src/core/transition.ts";
import {
  buildManifest,
  episodeSummaries,
  exportRun,
  gitCommit,
  hashJson,
  latestTries,
  openStore,
  transitions,
} from "../../src/store/index.ts";
import { episodeEvents, judgementEvent, startEvent, stepEvents, temporaryRoot } from "./support.ts";

const root = temporaryRoot();
let counter = 0;
const freshDir = () => join(root, `run-${counter++}`);

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const fields: Record<keyof Transition, true> = {
  run: true,
  env: true,
  split: true,
  purpose: true,
  task: true,
  family: true,
  group: true,
  episode: true,
  attempt: true,
  retry: true,
  step: true,
  index: true,
  actor: true,
  policyVersion: true,
  promptTokenIds: true,
  tokenIds: true,
  logprobs: true,
  lossMask: true,
  actions: true,
  parseError: true,
  results: true,
  observation: true,
  nextObservation: true,
  reward: true,
  outcome: true,
  judgements: true,
  terminated: true,
  truncated: true,
  stopReason: true,
  timings: true,
  usage: true,
  error: true,
};

test("a transition joins one step's events, with the state before it", async () => {
  await using log = await openStore(freshDir(), { mode: "create" });
  await log.writeManifest({ run: "r1", judgeId: "judge" });
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0, score: 0.5 }));
  await log.appendAll([judgementEvent("g0.0", 0, 1, "other"), judgementEvent("g0.0", 0, -1)]);
  const [first, second] = await collect(transitions(log));
  expect(first).toMatchObject({
    run: "r1",
    step: "g0.0/0",
    policyVersion: 3,
    tokenIds: [4, 5],
    lossMask: [1, 1],
    observation: { screen: "first" },
    nextObservation: { screen: "after 0" },
    reward: { env: 0, prm: -1, outcome: null },
    stopReason: null,
    usage: { promptTokens: 3, completionTokens: 2 },
  });
  expect(first!.judgements.map((one) => one.judgeId)).toEqual(["other", "judge"]);
  expect(second).toMatchObject({
    observation: { screen: "after 0" },
    reward: { env: 0.1, prm: null, outcome: 0.5 },
    stopReason: "submitted",
  });
});

test("a step that was cut off is left out, and its episode's other steps stay", async () => {
  await using log = await openStore(freshDir(), { mode: "create" });
  await log.appendAll([startEvent({ groupId: "g0", attempt: 0 }), ...stepEvents("g0.0", 0)]);
  await log.appendAll(stepEvents("g0.0", 1).slice(0, 2));
  expect((await collect(transitions(log))).map((one) => one.step)).toEqual(["g0.0/0"]);
});

test("an export holds every field of every transition, large observations included, and replaces the file whole", async () => {
  const dir = freshDir();
  const log = await openStore(dir, { mode: "create" });
  const large = await log.store({ screen: "z".repeat(10_000) });
  expect(large).toHaveProperty("blob");
  expect(await log.store({ small: 1 })).toEqual({ inline: { small: 1 } });
  for (let group = 0; group < 40; group++) await log.appendAll(episodeEvents({ groupId: `g${group}`, attempt: 0 }));
  const [call, step, next] = stepEvents("g0.0", 2);
  await log.appendAll([call, step, { ...next, observation: large }]);
  const expected = await collect(transitions(log));
  await log.close();

  const out = join(dir, "out", "t.jsonl");
  mkdirSync(join(dir, "out"));
  writeFileSync(out, "old");
  const progress: number[] = [];
  expect(await exportRun(dir, { format: "jsonl", out, onProgress: (written) => progress.push(written) })).toEqual({
    rows: "transitions",
    written: 81,
    out,
  });
  const lines = readFileSync(out, "utf8").trimEnd().split("\n");
  const exported = lines.map((line) => JSON.parse(line) as Transition);
  expect(exported).toEqual(expected);
  for (const one of exported) expect(Object.keys(one).sort()).toEqual(Object.keys(fields).sort());
  expect(exported[2]!.nextObservation).toEqual({ screen: "z".repeat(10_000) });
  expect(progress).toEqual([81]);
  expect(readdirSync(join(dir, "out"))).toEqual(["t.jsonl"]);
});

test("an export that fails leaves the target as it was, and nothing beside it", async () => {
  const dir = freshDir();
  const log = await openStore(dir, { mode: "create" });
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0 }));
  const lost = { blob: { ref: `sha256:${"0".repeat(64)}`, bytes: 1, mediaType: "application/json" } };
  const [call, step, next] = stepEvents("g0.0", 2);
  await log.appendAll([call, step, { ...next, observation: lost }]);
  await log.close();
  const out = join(root, "kept", "t.jsonl");
  mkdirSync(join(root, "kept"));
  writeFileSync(out, "old");
  await expect(exportRun(dir, { format: "jsonl", out })).rejects.toMatchObject({ code: "ERR_BLOB_MISSING" });
  expect(readFileSync(out, "utf8")).toBe("old");
  expect(readdirSync(join(root, "kept"))).toEqual(["t.jsonl"]);
  await expect(exportRun(dir, { format: "csv" })).rejects.toThrow(/unknown export format "csv".*formats: jsonl/);
  await expect(exportRun(dir, { format: "jsonl", out: root })).rejects.toMatchObject({ boundary: "config" });
  expect(existsSync(join(dir, "transitions.jsonl"))).toBe(false);
});

test("summaries say how each try ended, and the latest try of an attempt counts", async () => {
  await using log = await openStore(freshDir(), { mode: "create" });
  const error = { code: "ERR_X", boundary: "env", retryable: true, message: "gone" } as const;
  await log.appendAll([
    ...episodeEvents({ groupId: "g0", attempt: 0, score: null, end: { stopReason: "environment_error", error } }),
    ...episodeEvents({ groupId: "g0", attempt: 0, retry: 1, score: 1 }),
    ...episodeEvents({ groupId: "g0", attempt: 1, score: null, steps: 3, end: false }),
    ...episodeEvents({ groupId: "g1", attempt: 0, score: null }),
    { type: "outcome", episodeId: "g1.0", outcome: { status: "unscored", reason: "no report" } },
  ]);
  const rows = episodeSummaries(log);
  expect(rows.map((one) => [one.episodeId, one.status, one.steps, one.stopReason, one.passed])).toEqual([
    ["g0.0", "failed", 2, "environment_error", null],
    ["g0.0~1", "scored", 2, "submitted", true],
    ["g0.1", "open", 3, null, null],
    ["g1.0", "unscored", 2, "submitted", null],
  ]);
  expect(rows[3]).toMatchObject({ unscoredReason: "no report", family: "family-a", error: null });
  expect(latestTries(rows).map((one) => one.episodeId)).toEqual(["g0.0~1", "g0.1", "g1.0"]);
});

test("a manifest names config, seeds, versions, commit and hashes", () => {
  const config = { env: "terminal/shell@1", nested: { b: 1, a: [1, null] } };
  const manifest = buildManifest({ runDir: "/x/run-7", config, seeds: { run: 3 }, command: ["rollout"], now: 0 });
  expect(manifest).toMatchObject({
    run: "run-7",
    started: "1970-01-01T00:00:00.000Z",
    config,
    seeds: { run: 3 },
    versions: { node: process.version },
    hashes: { config: hashJson({ nested: { a: [1, null], b: 1 }, env: "terminal/shell@1" }) },
  });
  expect(hashJson(config)).not.toBe(hashJson({ ...config, env: "x" }));
  expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
});

test("the commit is read from git's files: a branch, packed, detached, or none", () => {
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const project = join(root, "project");
  mkdirSync(join(project, ".git", "refs", "heads"), { recursive: true });
  mkdirSync(join(project, "deep", "er"), { recursive: true });
  writeFileSync(join(project, ".git", "HEAD"), "ref: refs/heads/main\n");
  expect(gitCommit(project)).toBeNull();
  writeFileSync(join(project, ".git", "packed-refs"), `# pack-refs\n${commit} refs/heads/main\n`);
  expect(gitCommit(join(project, "deep", "er"))).toBe(commit);
  writeFileSync(join(project, ".git", "refs", "heads", "main"), `${commit.replace("0", "f")}\n`);
  expect(gitCommit(project)).toBe(commit.replace("0", "f"));
  writeFileSync(join(project, ".git", "HEAD"), `${commit}\n`);
  expect(gitCommit(project)).toBe(commit);
});
