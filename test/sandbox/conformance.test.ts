import { baseImageName } from "../../src/sandbox/images/base-image.ts";
import { createSandboxDriver } from "../../src/sandbox/index.ts";
import { describeSandboxConformance } from "./sandbox-conformance.ts";

describeSandboxConformance("bubblewrap", () => createSandboxDriver("bubblewrap"));
describeSandboxConformance("bubblewrap on the base image", () => createSandboxDriver("bubblewrap"), {
  image: baseImageName,
  workspace: { path: "/testbed", source: import.meta.dirname },
});
describeSandboxConformance("unsafe-local", () => createSandboxDriver("unsafe-local"));
