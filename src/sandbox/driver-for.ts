import type { EnvironmentDefinition } from "../core/env.ts";
import type { SandboxDriver, SandboxKind } from "../core/sandbox.ts";
import { createSandboxDriver } from "./index.ts";

/** The driver that instances of these definitions need; null when none runs in a sandbox. The caller closes it. */
export function driverFor(definitions: readonly EnvironmentDefinition[], kind: SandboxKind): SandboxDriver | null {
  if (!definitions.some(({ requires }) => requires.sandbox)) return null;
  const systemFiles = Object.assign({}, ...definitions.map(({ requires }) => requires.systemFiles ?? {}));
  return createSandboxDriver(kind, { systemFiles });
}
