import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { createRandom } from "../../src/core/random.ts";
import { childEntry } from "../../src/core/child-entry.ts";
import { openStore } from "../../src/store/index.ts";
import { episodeEvents, temporaryRoot } from "./support.ts";

const root = temporaryRoot();
const original = join(root, "original");
const built = childEntry(new URL("../../src/store/index.js", import.meta.url));

beforeAll(async () => {
  const log = await openStore(original, { mode: "create" });
  for (let group = 0; group < 150; group++)
    await log.appendAll(episodeEvents({ groupId: `g${group}`, attempt: 0, steps: 5 }));
  await log.close();
});

const randomBytes = (length: number, seed: number): Buffer => {
  const random = createRandom(seed);
  return Buffer.from(Array.from({ length }, () => random.integer(256)));
};

function damaged(name: string, file: string, damage: (path: string, bytes: Buffer) => void): string {
  const dir = join(root, name);
  cpSync(original, dir, { recursive: true });
  const path = join(dir, "log", file);
  damage(path, readFileSync(path));
  return dir;
}

test.each([
  ["an empty file", (path: string) => truncateSync(path, 0)],
  ["zeros", (path: string, bytes: Buffer) => writeFileSync(path, Buffer.alloc(bytes.length))],
  ["random bytes", (path: string) => writeFileSync(path, randomBytes(100_000, 1))],
  ["a few random bytes", (path: string) => writeFileSync(path, randomBytes(10, 2))],
  ["text", (path: string) => writeFileSync(path, "this is no database\n".repeat(1000))],
  ["the first page alone", (path: string) => truncateSync(path, 4096)],
  ["the first quarter", (path: string, bytes: Buffer) => truncateSync(path, Math.floor(bytes.length / 4))],
])("a database that is %s is one clear error, and a rebuild away from whole", async (name, damage) => {
  const dir = damaged(name.replaceAll(" ", "-"), "data.mdb", damage);
  for (const mode of ["read", "resume", "attach"] as const)
    await expect(openStore(dir, { mode })).rejects.toMatchObject({
      code: "ERR_LOG_CORRUPT",
      boundary: "store",
      message: expect.stringMatching(/data\.mdb is corrupt: .*Delete this file/) as string,
    });
  rmSync(join(dir, "log", "data.mdb"));
  await using again = await openStore(dir, { mode: "resume" });
  await using whole = await openStore(original, { mode: "read" });
  expect([...again.events()]).toEqual([...whole.events()]);
});

test("a database that lacks a few pages at its end is read or refused, never mapped beyond its end", async () => {
  for (const pages of [1, 5, 20]) {
    const dir = damaged(`short-${pages}`, "data.mdb", (path, bytes) => truncateSync(path, bytes.length - pages * 4096));
    const reading = openStore(dir, { mode: "read" }).then(async (log) => {
      await using open = log;
      return [...open.events()].length;
    });
    await reading.catch((error: unknown) => expect(error).toMatchObject({ code: "ERR_LOG_CORRUPT" }));
    expect(statSync(join(dir, "log", "data.mdb")).size).toBe(statSync(join(original, "log", "data.mdb")).size);
  }
});

test("a journal that is no journal is named when the database has to be made from it", async () => {
  const dir = damaged("journal", "journal", (path) => writeFileSync(path, randomBytes(5000, 3)));
  rmSync(join(dir, "log", "data.mdb"));
  await expect(openStore(dir, { mode: "resume" })).rejects.toThrow(/journal is no journal of a run/);
  const short = damaged("short-journal", "journal", (path) => truncateSync(path, 100));
  await expect(openStore(short, { mode: "resume" })).rejects.toMatchObject({ code: "ERR_LOG_CORRUPT" });
});

test("bytes that rot inside an event are noticed by its checksum", async () => {
  const dir = damaged("rot", "data.mdb", (path, bytes) => {
    for (let at = bytes.indexOf("echo 3"); at >= 0; at = bytes.indexOf("echo 3", at + 1)) bytes.write("echo 4", at);
    writeFileSync(path, bytes);
  });
  await using log = await openStore(dir, { mode: "read" });
  expect(() => [...log.events()]).toThrow(/the log is corrupt: event \d+ is damaged or missing/);
});

test("pages overwritten anywhere never crash the process that reads them", () => {
  const random = createRandom("pages");
  const read = `
    import(${JSON.stringify(built)}).then(async ({ openStore }) => {
      for (const dir of process.argv.slice(1)) {
        try {
          const log = await openStore(dir, { mode: "read" });
          let events = 0;
          try { for (const event of log.events()) events++; for (const e of log.events({ types: ["step"] })) events++; }
          finally { await log.close(); }
          console.log("whole");
        } catch (error) { console.log(error.code); }
      }
    });`;
  const dirs = Array.from({ length: 12 }, (_, index) =>
    damaged(`page-${index}`, "data.mdb", (path, bytes) => {
      const pages = bytes.length / 4096;
      const from = (2 + random.integer(pages - 2)) * 4096;
      if (index % 2 === 0) randomBytes(4096 * 8, index).copy(bytes, from);
      else bytes.fill(0, from, from + 4096 * 8);
      writeFileSync(path, bytes);
    }),
  );
  const result = spawnSync(process.execPath, ["--input-type=module", "-e", read, ...dirs], { encoding: "utf8" });
  expect(result.signal, result.stderr).toBeNull();
  const lines = result.stdout.trim().split("\n");
  expect(lines).toHaveLength(dirs.length);
  for (const line of lines) expect(["whole", "ERR_LOG_CORRUPT"]).toContain(line);
});
