import { baseImageName } from "../../src/sandbox/images/base-image.ts";
import { createSandboxDriver } from "../../src/sandbox/index.ts";
import { describeWith } from "../support/sandbox-kinds.ts";
import { describeSandboxConformance } from "./sandbox-conformance.ts";

const workspace = { path: "/testbed", source: import.meta.dirname };

describeWith("bubblewrap", (kind) => {
  describeSandboxConformance("bubblewrap", () => createSandboxDriver(kind));
  describeSandboxConformance("bubblewrap on the base image", () => createSandboxDriver(kind), {
    image: baseImageName,
    workspace,
  });
});
describeWith("docker", (kind) => {
  describeSandboxConformance("docker", () => createSandboxDriver(kind));
  describeSandboxConformance("docker with a workspace", () => createSandboxDriver(kind), { workspace });
});
describeWith("unsafe-local", (kind) => describeSandboxConformance("unsafe-local", () => createSandboxDriver(kind)));
