/** Images that a container engine has, as directories. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Dockerode from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findEngine } from "../../../src/sandbox/docker/find-engine.ts";
import { unpackedImage } from "../../../src/sandbox/images/unpacked-image.ts";
import { describeWith } from "../../support/sandbox-kinds.ts";

describeWith("docker", () => {
  const before = process.env["AFTERSTATE_CACHE"];
  const name = `afterstate-test-${process.pid}`;
  let base: string;
  let docker: Dockerode;
  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), "afterstate-engine-image-"));
    process.env["AFTERSTATE_CACHE"] = join(base, "cache");
    const found = await findEngine();
    if ("reason" in found) throw new Error(found.reason);
    docker = new Dockerode({ socketPath: found.socketPath });
    mkdirSync(join(base, "root", "usr", "bin"), { recursive: true });
    writeFileSync(join(base, "root", "usr", "bin", "tool"), "content");
    execFileSync("tar", ["-cf", join(base, "root.tar"), "-C", join(base, "root"), "."]);
    const imported = await docker.importImage(join(base, "root.tar"), {
      repo: name,
      changes: ["USER 1234", "ENV PATH=/opt/bin"],
    });
    await new Promise((resolve, reject) => {
      docker.modem.followProgress(imported, (error, output) => (error ? reject(error) : resolve(output)));
    });
  });
  afterAll(async () => {
    await docker.getImage(name).remove({ force: true });
    rmSync(base, { recursive: true, force: true });
    if (before === undefined) delete process.env["AFTERSTATE_CACHE"];
    else process.env["AFTERSTATE_CACHE"] = before;
  });

  test("an image of the engine's is unpacked with its settings, and nothing else is kept", async () => {
    const { root, settings } = await unpackedImage(name);
    expect(readFileSync(join(root, "usr/bin/tool"), "utf8")).toBe("content");
    expect(settings).toEqual({ user: "1234", env: ["PATH=/opt/bin"] });
    expect(readdirSync(join(root, "..")).sort()).toEqual(["image.json", "root"]);
    expect((await unpackedImage(name)).root).toBe(root);
  });

  test("one that it does not have is refused with how to get it", async () => {
    const missing = { code: "ERR_SANDBOX_IMAGE", message: expect.stringMatching(/docker pull afterstate-missing/) };
    await expect(unpackedImage("afterstate-missing")).rejects.toMatchObject(missing);
  });
});
