/** Containers of images that are files: nothing but init is in them, which is static and exists to be run. */
import { execFileSync } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import Docker from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SandboxDriver } from "../../../src/core/sandbox.ts";
import { findEngine } from "../../../src/sandbox/docker/find-engine.ts";
import { createSandboxDriver } from "../../../src/sandbox/index.ts";
import { describeWith } from "../../support/sandbox-kinds.ts";

describeWith("docker", () => {
  let engine: Docker;
  let driver: SandboxDriver;
  let base: string;
  beforeAll(async () => {
    const found = await findEngine();
    engine = new Docker({ socketPath: "socketPath" in found ? found.socketPath : "" });
    driver = createSandboxDriver("docker");
    base = mkdtempSync(join(tmpdir(), "afterstate-local-image-"));
    mkdirSync(join(base, "root", "data"), { recursive: true });
    writeFileSync(join(base, "root", "data", "file"), "from the tar");
    execFileSync("tar", ["-czf", join(base, "exported.tar.gz"), "-C", join(base, "root"), "."]);
  });
  afterAll(async () => {
    await driver.close();
    for (const { RepoTags, Id } of await engine.listImages())
      if (RepoTags?.some((name) => name.startsWith("afterstate-tar:")))
        await engine.getImage(Id).remove({ force: true });
    rmSync(base, { recursive: true, force: true });
  });

  const fileIn = async (image: string): Promise<string> => {
    await using sandbox = await driver.start({ image });
    return Buffer.from(await sandbox.read("/data/file")).toString();
  };

  test("a root file system's tar and an image's archive both become the engine's, once", async () => {
    const exported = `tar:${join(base, "exported.tar.gz")}`;
    expect(await fileIn(exported)).toBe("from the tar");
    const names = async (): Promise<string[]> =>
      (await engine.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => name.includes("-tar:"));
    const [loaded] = await names();
    await pipeline(await engine.getImage(loaded!).get(), createWriteStream(join(base, "saved.tar")));
    expect(await fileIn(`tar:${join(base, "saved.tar")}`)).toBe("from the tar");
    expect((await names()).length).toBe(2);
    await using again = createSandboxDriver("docker");
    await (await again.start({ image: exported })).close();
    expect((await names()).length).toBe(2);
  });

  test("a file that is missing or no image is refused with its path", async () => {
    truncateSync(join(base, "saved.tar"), 3000);
    for (const path of ["missing.tar", "saved.tar"])
      await expect(driver.start({ image: `tar:${join(base, path)}` })).rejects.toMatchObject({
        code: "ERR_SANDBOX_IMAGE",
        message: expect.stringContaining(path),
      });
    await expect(driver.start({ image: "tar:relative.tar" })).rejects.toMatchObject({ code: "ERR_SANDBOX_IMAGE" });
  });
});
