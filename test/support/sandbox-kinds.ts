/** Suites of sandboxes, by kind: what cannot be tested here is skipped, and its title says why. */
import { describe } from "vitest";
import type { SandboxKind } from "../../src/core/sandbox.ts";
import { probeSandboxes } from "../../src/sandbox/index.ts";

const found = await probeSandboxes();

/** An engine can be started for the tests by root only (test/support/container-engine.ts); the other kinds must work. */
export function describeWith(kind: SandboxKind, body: (kind: SandboxKind) => void): void {
  const { available, reason } = found[kind];
  if (available || kind !== "docker") describe(kind, () => body(kind));
  else describe.skip(`docker (skipped: ${reason ?? "not available"})`, () => body(kind));
}
