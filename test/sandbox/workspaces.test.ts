import { expect, test } from "vitest";
import { baseImageName } from "../../src/sandbox/images/base-image.ts";
import { createSandboxDriver } from "../../src/sandbox/index.ts";
import { describeWith } from "../support/sandbox-kinds.ts";
import { describeWorkspaces } from "./workspace-conformance.ts";

const image = baseImageName;

describeWith("bubblewrap", (kind) => {
  describeWorkspaces("bubblewrap, on the host's system", () => createSandboxDriver(kind), {});
  describeWorkspaces("bubblewrap, on the base image", () => createSandboxDriver(kind), { image });
  describeWorkspaces("bubblewrap, on a writable base image", () => createSandboxDriver(kind), {
    image,
    writableRoot: true,
  });
});
describeWith("docker", (kind) => {
  describeWorkspaces("docker, on the base image", () => createSandboxDriver(kind), { image });
  describeWorkspaces("docker, on a writable base image", () => createSandboxDriver(kind), {
    image,
    writableRoot: true,
  });
});

test("unsafe-local refuses images, workspaces and writable roots, and bubblewrap a writable root of the host's", async () => {
  await using local = createSandboxDriver("unsafe-local");
  const refusal = { code: "ERR_SANDBOX_UNAVAILABLE", message: expect.stringMatching(/choose bubblewrap or docker/) };
  for (const spec of [{ image }, { workspace: { path: "/testbed", source: null } }, { writableRoot: true }])
    await expect(local.start(spec)).rejects.toMatchObject(refusal);
  await using bubblewrap = createSandboxDriver("bubblewrap");
  await expect(bubblewrap.start({ writableRoot: true })).rejects.toMatchObject({
    code: "ERR_SANDBOX_UNAVAILABLE",
    message: expect.stringMatching(/a writable root needs an image/),
  });
});
