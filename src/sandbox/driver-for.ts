import type { EnvironmentDefinition } from "../core/env.ts";
import type { SandboxDriver, SandboxKind } from "../core/sandbox.ts";
import { createSandboxDriver } from "./index.ts";

/** The driver that a definition's instances need; null when it runs without a sandbox. The caller closes it. */
export function driverFor({ requires }: EnvironmentDefinition, kind: SandboxKind): SandboxDriver | null {
  if (!requires.sandbox) return null;
  return createSandboxDriver(kind, requires.systemFiles ? { systemFiles: requires.systemFiles } : {});
}
