import { createSandboxDriver } from "../../src/sandbox/index.ts";
import { describeSandboxConformance } from "./sandbox-conformance.ts";

describeSandboxConformance("bubblewrap", () => createSandboxDriver("bubblewrap"));
describeSandboxConformance("unsafe-local", () => createSandboxDriver("unsafe-local"));
