import { mkdtempSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importOptional } from "../../../src/rl/backend/candidate.ts";
import { loadBackend, probeBackends } from "../../../src/rl/backend/load-backend.ts";
import { backendNames } from "../../../src/rl/backend/names.ts";
import { driverFolders, hasVulkanDriver } from "../../../src/rl/backend/vulkan-drivers.ts";

describe("loadBackend", () => {
  it("names the backend it took, and what computes", async () => {
    expect(await loadBackend("wasm")).toMatchObject({ name: "wasm", device: "WebAssembly, one thread", refused: [] });
    expect(await loadBackend("torch")).toMatchObject({
      name: "torch",
      device: expect.stringMatching(/^libtorch .* on /),
    });
    expect(await loadBackend("cpu")).toMatchObject({ name: "cpu", refused: [] });
  });

  it("auto takes the first that starts, and says why each one before it was not taken", async () => {
    const { name, refused } = await loadBackend();
    expect(refused.map(({ name }) => name)).toEqual(backendNames.slice(0, backendNames.indexOf(name)));
    for (const { reason } of refused) expect(reason).not.toBe("");
  });

  it("refuses a name it does not know, with the ones it does", async () => {
    await expect(loadBackend("cuda" as "cpu")).rejects.toMatchObject({
      code: "ERR_BACKEND_UNAVAILABLE",
      message: expect.stringContaining("wasm, cpu or auto"),
    });
  });

  it("refuses one whose package is missing, by name, with what to install", async () => {
    const present = (await probeBackends()).some((one) => one.name === "node-gpu" && "device" in one);
    if (present) expect((await loadBackend("node-gpu")).name).toBe("node-gpu");
    else
      await expect(loadBackend("node-gpu")).rejects.toMatchObject({
        code: "ERR_BACKEND_UNAVAILABLE",
        message: expect.stringContaining("npm install --no-save @tensorflow/tfjs-node-gpu@4.22.0"),
      });
  });

  it("probing lists every backend in auto's order", async () => {
    const found = await probeBackends();
    expect(found.map(({ name }) => name)).toEqual([...backendNames]);
    expect(found.filter((one) => "device" in one).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["wasm", "cpu"]),
    );
  });
});

describe("an optional package", () => {
  it("that is installed but broken is refused with its own error, not as missing", async () => {
    const broken = () => Promise.reject(new Error("libfoo.so: cannot open shared object file"));
    await expect(importOptional(broken, "fix")).rejects.toThrow("libfoo.so");
    const missing: string = "afterstate-no-such-package";
    await expect(importOptional(() => import(missing), "install it")).rejects.toMatchObject({
      message: "not installed",
      fix: "install it",
    });
  });
});

describe("hasVulkanDriver", () => {
  const home = mkdtempSync(join(tmpdir(), "afterstate-vulkan-"));
  const manifest = join(home, "share/vulkan/icd.d/some_icd.json");
  mkdirSync(join(home, "share/vulkan/icd.d"), { recursive: true });
  writeFileSync(manifest, "{}");
  const nowhere = { XDG_CONFIG_HOME: home, XDG_CONFIG_DIRS: home, XDG_DATA_HOME: home, XDG_DATA_DIRS: home };

  it("looks where the loader looks: the user's folders, the system's, in this order", () => {
    expect(driverFolders({ ...nowhere, XDG_DATA_DIRS: "/a:/b" })).toEqual([
      join(home, "vulkan/icd.d"),
      join(home, "vulkan/icd.d"),
      "/usr/local/etc/vulkan/icd.d",
      "/etc/vulkan/icd.d",
      join(home, "vulkan/icd.d"),
      "/a/vulkan/icd.d",
      "/b/vulkan/icd.d",
    ]);
  });

  it("finds a manifest in one of them", () => {
    expect(hasVulkanDriver({ ...nowhere, XDG_DATA_DIRS: join(home, "share") })).toBe(true);
  });

  it("believes VK_DRIVER_FILES instead of the folders, also where it names nothing that exists", () => {
    expect(hasVulkanDriver({ ...nowhere, VK_DRIVER_FILES: manifest })).toBe(true);
    const wrong = { ...nowhere, XDG_DATA_DIRS: join(home, "share"), VK_DRIVER_FILES: join(home, "none.json") };
    expect(hasVulkanDriver(wrong)).toBe(false);
  });
});
