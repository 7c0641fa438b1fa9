/** Fetching, against package managers that a script plays. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { archivePath, fetchArchives } from "../../../../src/envs/swe/generate/archives.ts";
import { type Archive, projects } from "../../../../src/envs/swe/generate/projects.ts";

let place = "";
const log = () => readFileSync(join(place, "calls"), "utf8");
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "afterstate-test-"));
  mkdirSync(join(place, "bin"));
  vi.stubEnv("AFTERSTATE_CACHE", join(place, "cache"));
  vi.stubEnv("PATH", `${join(place, "bin")}:/usr/bin:/bin`);
  // They write what they are asked for into the directory that they were given, by names of their own.
  script("npm", 'while [ "$1" != --pack-destination ]; do shift; done; printf served > "$2/some-name-1.tgz"');
  script("python3", 'while [ "$1" != --dest ]; do shift; done; printf served > "$2/other_name-1.tar.gz"');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true });
});

function script(name: string, body: string): void {
  writeFileSync(join(place, "bin", name), `#!/bin/sh\necho "${name} $*" >> ${join(place, "calls")}\n${body}\n`, {
    mode: 0o755,
  });
}

const sha256 = createHash("sha256").update("served").digest("hex");
const archive = (changes: Partial<Archive> = {}): Archive => ({
  registry: "npm",
  name: "a",
  version: "1.0.0",
  sha256,
  ...changes,
});

test("an archive is kept by what it holds, and is not fetched again", async () => {
  await fetchArchives([archive()]);
  await fetchArchives([archive()]);
  expect(readFileSync(archivePath(archive()), "utf8")).toBe("served");
  expect(log().trim().split("\n")).toHaveLength(1);
  expect(log()).toMatch(/--ignore-scripts .*a@1\.0\.0/);
});

test("pip is held to the hash, and to code of ours instead of the package's", async () => {
  await fetchArchives([archive({ registry: "pypi" })]);
  expect(log()).toMatch(/--no-deps --no-binary :all: --no-build-isolation --use-pep517 --require-hashes/);
  expect(existsSync(archivePath(archive()))).toBe(true);
});

test("something else under its name is not taken, and nothing of it stays", async () => {
  const other = archive({ name: "wanted", sha256: "0".repeat(64) });
  await expect(fetchArchives([other])).rejects.toThrow(/wanted 1\.0\.0 \(npm\).*copy .*archives/s);
  expect(readdirSync(join(place, "cache", "swe", "archives"))).toEqual([]);
});

test("what a package manager complains of is told", async () => {
  script("npm", 'echo "no network" >&2; exit 1');
  await expect(fetchArchives([archive()])).rejects.toMatchObject({
    code: "ERR_SWE_ARCHIVES",
    message: expect.stringMatching(/python3-pip.*npm: no network/s) as string,
  });
});

test("the default projects are in two languages, each in one split, and enough of them", () => {
  const of = (split: string) => projects.filter((project) => project.split === split);
  const count = (split: string) => of(split).reduce((sum, { instances }) => sum + instances, 0);
  expect(count("train")).toBeGreaterThanOrEqual(200);
  expect(count("test")).toBeGreaterThanOrEqual(100);
  expect(new Set(projects.map(({ repo }) => repo)).size).toBe(projects.length);
  for (const split of ["train", "test"]) expect(new Set(of(split).map(({ language }) => language)).size).toBe(2);
  for (const { license } of projects) expect(license).toMatch(/^(MIT|BSD-[23]-Clause|Apache-2\.0|ISC)$/);
});
