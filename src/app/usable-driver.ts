import type { EnvironmentDefinition } from "../core/env.ts";
import { SandboxError } from "../core/errors.ts";
import type { SandboxDriver, SandboxKind } from "../core/sandbox.ts";
import { driverFor } from "../sandbox/driver-for.ts";

/**
 * The driver that these environments need, proven to work here, and rid of what killed runs left; null where none needs
 * one. The caller closes it.
 * @throws SandboxError ERR_SANDBOX_UNAVAILABLE with the fix: found before a run writes anything.
 */
export async function usableDriver(
  definitions: readonly EnvironmentDefinition[],
  kind: SandboxKind,
): Promise<SandboxDriver | null> {
  const driver = driverFor(definitions, kind);
  if (!driver) return null;
  try {
    const { available, reason, fix } = await driver.probe();
    if (!available) {
      const way = kind === "bubblewrap" ? ' (or, at your own risk, choose the sandbox "unsafe-local")' : "";
      throw new SandboxError(`no ${kind} sandbox here: ${oneLine(reason)}; fix: ${oneLine(fix)}${way}`, {
        code: "ERR_SANDBOX_UNAVAILABLE",
      });
    }
    await driver.sweep();
    return driver;
  } catch (error) {
    await driver.close();
    throw error;
  }
}

function oneLine(text: string | undefined): string {
  return text?.replaceAll(/\s*\n\s*/g, " ") ?? "unknown";
}
