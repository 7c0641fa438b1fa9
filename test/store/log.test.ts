import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { array, assert, asyncProperty, boolean, constantFrom, nat, tuple } from "fast-check";
import { expect, test } from "vitest";
import type { LogEvent, LogEventType } from "../../src/core/events.ts";
import { openStore } from "../../src/store/index.ts";
import { episodeEvents, startEvent, stepEvents, temporaryRoot } from "./support.ts";

const root = temporaryRoot();
let counter = 0;
const freshDir = () => join(root, `run-${counter++}`);
const manySteps = (episodeId: string, count: number): LogEvent[] =>
  Array.from({ length: count }, (_, index) => stepEvents(episodeId, index)).flat();

test("events come back whole, in seq order, however they were batched and filtered", async () => {
  const episode = constantFrom("g000000.0", "g000000.1", "g000001.0");
  const event = tuple(episode, nat(20)).map(([id, index]) => stepEvents(id, index));
  const commits = array(tuple(boolean(), event, nat(2)), { maxLength: 30 });
  await assert(
    asyncProperty(commits, episode, nat(40), async (groups, episodeId, afterSeq) => {
      const dir = freshDir();
      await using log = await openStore(dir, { mode: "create" });
      const expected: LogEvent[] = [];
      const appends: Promise<number>[] = [];
      for (const [wait, events, count] of groups) {
        const group = events.slice(0, count + 1);
        appends.push(group.length === 1 ? log.append(group[0]!) : log.appendAll(group));
        expected.push(...group);
        if (wait) await appends.at(-1);
      }
      const lastSeqs = await Promise.all(appends);
      expect(lastSeqs).toEqual([...lastSeqs].sort((a, b) => a - b));
      const all = [...log.events()];
      expect(all.map((one) => ({ ...one, at: 0 }))).toEqual(
        expected.map((one, index) => ({ seq: index + 1, at: 0, ...one })),
      );
      const types: LogEventType[] = ["step", "model-call"];
      const wanted = all.filter((one) => one.seq > afterSeq);
      expect([...log.events({ episodeId, afterSeq })]).toEqual(
        wanted.filter((one) => "episodeId" in one && one.episodeId === episodeId),
      );
      expect([...log.events({ types, afterSeq })]).toEqual(wanted.filter((one) => types.includes(one.type)));
      expect(
        [...log.events({ types, episodeId })].every((one) => "episodeId" in one && one.episodeId === episodeId),
      ).toBe(true);
    }),
    { numRuns: 15, seed: 1 },
  );
});

test("a reader sees the log as it was when it asked, over many pages, while others append", async () => {
  await using log = await openStore(freshDir(), { mode: "create" });
  await log.appendAll(manySteps("g000000.0", 300));
  const seen: number[] = [];
  for (const event of log.events({ types: ["step", "next-state"] })) {
    if (seen.length % 100 === 0) await log.append(startEvent({ groupId: "g000009", attempt: 0 }));
    seen.push(event.seq);
  }
  expect(seen).toHaveLength(600);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test("an event that is no JSON fails alone", async () => {
  await using log = await openStore(freshDir(), { mode: "create" });
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const bad = { ...startEvent({ groupId: "g000000", attempt: 0 }), task: cyclic } as unknown as LogEvent;
  const good = log.append(startEvent({ groupId: "g000001", attempt: 0 }));
  await expect(log.append(bad)).rejects.toMatchObject({ code: "ERR_EVENT_INVALID", boundary: "store" });
  await expect(log.append({ type: "nonsense" } as never)).rejects.toMatchObject({ code: "ERR_EVENT_INVALID" });
  expect(await good).toBe(1);
  expect(log.lastSeq()).toBe(1);
});

test("a transaction that throws leaves nothing behind, in the database or in the journal", async () => {
  const dir = freshDir();
  const log = await openStore(dir, { mode: "create" });
  await log.append(startEvent({ groupId: "g000000", attempt: 0 }));
  expect(() =>
    log.transact(({ append }) => {
      append([startEvent({ groupId: "g000001", attempt: 0 })]);
      throw new Error("half way");
    }),
  ).toThrow(/half way/);
  expect(log.lastSeq()).toBe(1);
  await log.append(startEvent({ groupId: "g000002", attempt: 0 }));
  const events = [...log.events({ types: ["episode-start"] })];
  expect(events.map((one) => one.groupId)).toEqual(["g000000", "g000002"]);
  await log.close();
  rmSync(join(dir, "log", "data.mdb"));
  await using rebuilt = await openStore(dir, { mode: "resume" });
  expect([...rebuilt.events()]).toEqual(events);
});

test("create refuses a directory that holds anything, and one that is in use", async () => {
  const dir = freshDir();
  const log = await openStore(dir, { mode: "create" });
  const inUse = { code: "ERR_OUT_IN_USE", boundary: "config" };
  await expect(openStore(dir, { mode: "create" })).rejects.toMatchObject(inUse);
  await expect(openStore(dir, { mode: "resume" })).rejects.toThrow(/in use by process \d+/);
  await log.append(startEvent({ groupId: "g000000", attempt: 0 }));
  await log.close();
  await expect(openStore(dir, { mode: "create" })).rejects.toThrow(/--resume/);
  await using again = await openStore(dir, { mode: "resume" });
  expect(again.lastSeq()).toBe(1);
});

test("create makes a run in an empty directory, and says so when given a file", async () => {
  const dir = freshDir();
  mkdirSync(dir);
  await (await openStore(dir, { mode: "create" })).close();
  const file = freshDir();
  writeFileSync(file, "text");
  await expect(openStore(file, { mode: "create" })).rejects.toThrow(/is a file/);
});

test("a directory without a run is named as such", async () => {
  for (const mode of ["resume", "attach", "read"] as const)
    await expect(openStore(freshDir(), { mode })).rejects.toMatchObject({ code: "ERR_RUN_NOT_FOUND" });
});

test("the record of an owner that is gone, or of another process under its pid, is taken over", async () => {
  const dir = freshDir();
  await (await openStore(dir, { mode: "create" })).close();
  const gone = spawnSync("true").pid;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  for (const owner of [
    { pid: gone, startTicks: "1", boot },
    { pid: process.pid, startTicks: "1", boot },
    { pid: process.pid, startTicks: null, boot: "another" },
  ]) {
    writeFileSync(join(dir, "owner.json"), JSON.stringify(owner));
    await (await openStore(dir, { mode: "resume" })).close();
  }
  writeFileSync(join(dir, "owner.json"), "not json");
  await (await openStore(dir, { mode: "resume" })).close();
  expect(existsSync(join(dir, "owner.json"))).toBe(false);
});

test("a reader looks only", async () => {
  const dir = freshDir();
  await using log = await openStore(dir, { mode: "create" });
  await log.append(startEvent({ groupId: "g000000", attempt: 0 }));
  await using reader = await openStore(dir, { mode: "read" });
  await log.append(startEvent({ groupId: "g000001", attempt: 0 }));
  expect([...reader.events()]).toHaveLength(2);
  await expect(reader.append(startEvent({ groupId: "g000002", attempt: 0 }))).rejects.toMatchObject({
    code: "ERR_LOG_READ_ONLY",
  });
  await expect(reader.blobs.put(new Uint8Array(1), "x/y")).rejects.toMatchObject({ code: "ERR_LOG_READ_ONLY" });
});

test("after another boot the log is what the journal holds whole: half a commit is no commit", async () => {
  const dir = freshDir();
  const log = await openStore(dir, { mode: "create" });
  await log.appendAll(episodeEvents({ groupId: "g000000", attempt: 0 }));
  await log.appendAll([startEvent({ groupId: "g000001", attempt: 0 }), startEvent({ groupId: "g000002", attempt: 0 })]);
  const events = [...log.events()];
  await log.close();
  const journal = join(dir, "log", "journal");
  truncateSync(journal, readFileSync(journal).length - 3);
  // As if the power had gone: another boot, no clean mark, and a database with pages that never reached the disk.
  writeFileSync(join(dir, "log", "state.json"), JSON.stringify({ boot: "earlier", cleanBytes: null }));
  const database = join(dir, "log", "data.mdb");
  const bytes = readFileSync(database);
  bytes.fill(0, 8192);
  writeFileSync(database, bytes);
  await using again = await openStore(dir, { mode: "resume" });
  expect([...again.events()]).toEqual(events.slice(0, -2));
  expect([...again.events({ episodeId: "g000000.0", types: ["step"] })]).toHaveLength(2);
  expect(await again.append(startEvent({ groupId: "g000003", attempt: 0 }))).toBe(events.length - 1);
  expect(readdirSync(join(dir, "log")).some((name) => name.startsWith("journal-rest-from-"))).toBe(true);
});

test("a run that was closed cleanly opens under another boot without a rebuild", async () => {
  const dir = freshDir();
  const log = await openStore(dir, { mode: "create" });
  await log.appendAll(episodeEvents({ groupId: "g000000", attempt: 0 }));
  await log.close();
  const state = JSON.parse(readFileSync(join(dir, "log", "state.json"), "utf8")) as object;
  writeFileSync(join(dir, "log", "state.json"), JSON.stringify({ ...state, boot: "earlier" }));
  const before = readFileSync(join(dir, "log", "data.mdb"));
  await (await openStore(dir, { mode: "read" })).close();
  expect(readFileSync(join(dir, "log", "data.mdb")).equals(before)).toBe(true);
});

test("a flush that fails is reported by every later append and flush", async () => {
  const dir = freshDir();
  const log = await openStore(dir, { mode: "create", flushIntervalMs: 60_000 });
  await log.append(startEvent({ groupId: "g000000", attempt: 0 }));
  const blob = await log.blobs.put(new Uint8Array([1, 2, 3]), "x/y");
  rmSync(join(dir, "blobs"), { recursive: true });
  await expect(log.flush()).rejects.toMatchObject({ code: "ERR_LOG_FLUSH", boundary: "store" });
  await expect(log.append(startEvent({ groupId: "g000001", attempt: 0 }))).rejects.toMatchObject({
    code: "ERR_LOG_FLUSH",
  });
  await expect(log.blobs.get(blob.ref)).rejects.toMatchObject({ code: "ERR_BLOB_MISSING" });
  await expect(log.close()).rejects.toMatchObject({ code: "ERR_LOG_FLUSH" });
  expect(existsSync(join(dir, "owner.json"))).toBe(false);
});

test("the manifest is replaced whole, and a damaged one is named", async () => {
  const dir = freshDir();
  await using log = await openStore(dir, { mode: "create" });
  expect(log.readManifest()).toBeNull();
  await log.writeManifest({ run: "a" });
  await log.writeManifest({ run: "b", config: { nested: [1] } });
  expect(log.readManifest()).toEqual({ run: "b", config: { nested: [1] } });
  writeFileSync(join(dir, "run.json"), "{");
  expect(() => log.readManifest()).toThrow(/run\.json is no JSON/);
});
