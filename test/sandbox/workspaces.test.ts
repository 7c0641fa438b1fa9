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
