/**
 * Sandboxes: where untrusted commands run. The contract is src/core/sandbox.ts.
 * Nothing falls back silently: a kind that this machine cannot give refuses to start, with the fix.
 */
import type { SandboxAvailability, SandboxDriver, SandboxKind } from "../core/sandbox.ts";
import { bubblewrapFlavour } from "./bubblewrap.ts";
import { dockerFlavour } from "./docker/docker.ts";
import { ProcessSandboxDriver } from "./driver.ts";
import type { Flavour } from "./flavour.ts";
import { unsafeLocalFlavour } from "./unsafe-local.ts";

export interface SandboxDriverOptions {
  /**
   * Read-only files that every sandbox of the driver sees: name to content. In bubblewrap they are in /etc/afterstate/;
   * unsafe-local keeps them in a temporary directory. "bashrc" is read by every interactive bash (it finds the other
   * files beside itself: "${BASH_SOURCE[0]%/*}").
   */
  readonly systemFiles?: Readonly<Record<string, string>>;
}

const flavours = {
  bubblewrap: bubblewrapFlavour,
  docker: dockerFlavour,
  "unsafe-local": unsafeLocalFlavour,
} as const satisfies Record<SandboxKind, (options: SandboxDriverOptions) => Flavour>;

/** Cheap: the host process and the directories come with the first start. One driver serves any number of sandboxes. */
export function createSandboxDriver(kind: SandboxKind, options: SandboxDriverOptions = {}): SandboxDriver {
  return new ProcessSandboxDriver(flavours[kind](options));
}

/** For `doctor`: what each kind can do on this machine. */
export async function probeSandboxes(): Promise<Record<SandboxKind, SandboxAvailability>> {
  const probe = async (kind: SandboxKind): Promise<SandboxAvailability> => {
    await using driver = createSandboxDriver(kind);
    return await driver.probe();
  };
  return {
    bubblewrap: await probe("bubblewrap"),
    docker: await probe("docker"),
    "unsafe-local": await probe("unsafe-local"),
  };
}
