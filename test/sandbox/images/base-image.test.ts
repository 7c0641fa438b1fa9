/** scripts/base-image.sh as a set-up calls it: again and again, and where something is missing. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { baseImagePath, baseImageTar } from "../../../src/sandbox/images/base-image.ts";

const script = fileURLToPath(new URL("../../../scripts/base-image.sh", import.meta.url));

describe("the base image's script", () => {
  const before = process.env["AFTERSTATE_CACHE"];
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "afterstate-base-image-"));
    process.env["AFTERSTATE_CACHE"] = join(base, "cache");
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
    if (before === undefined) delete process.env["AFTERSTATE_CACHE"];
    else process.env["AFTERSTATE_CACHE"] = before;
  });

  /** No engine answers, and only these programs are there. */
  const run = (...programs: readonly string[]) => {
    const bin = join(base, "bin");
    mkdirSync(bin);
    for (const name of programs) symlinkSync(`/usr/bin/${name}`, join(bin, name));
    const env = { PATH: bin, AFTERSTATE_CACHE: join(base, "cache"), DOCKER_HOST: "unix:///nonexistent/docker.sock" };
    return spawnSync("/bin/bash", [script], { env, encoding: "utf8" });
  };
  const needed = ["sha256sum", "cut", "mkdir", "flock", "dirname"];

  test("leaves an image of today's recipe as it is, named as the program looks for it", () => {
    writeFileSync(baseImagePath(), "an image");
    expect(run(...needed)).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(baseImageTar(), "utf8")).toBe("an image");
    const names = readdirSync(join(base, "cache", "images")).filter((name) => !name.startsWith("."));
    expect(names).toEqual([basename(baseImagePath())]);
  });

  test("says what to install where it cannot build one, and leaves nothing", () => {
    expect(run(...needed)).toMatchObject({ status: 1, stderr: expect.stringContaining("apt-get install mmdebstrap") });
    expect(() => baseImageTar()).toThrow(/"afterstate-base" is not built: npm run setup/);
  });
});
