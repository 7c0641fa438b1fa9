import { baseImageName } from "../../src/sandbox/images/base-image.ts";
import { createSandboxDriver } from "../../src/sandbox/index.ts";
import { describeWorkspaces } from "./workspace-conformance.ts";

describeWorkspaces("bubblewrap, on the host's system", () => createSandboxDriver("bubblewrap"), {});
describeWorkspaces("bubblewrap, on the base image", () => createSandboxDriver("bubblewrap"), { image: baseImageName });
describeWorkspaces("bubblewrap, on a writable base image", () => createSandboxDriver("bubblewrap"), {
  image: baseImageName,
  writableRoot: true,
});
