/**
 * What a kind of sandbox brings; everything else (driver.ts, running-sandbox.ts) is the same for all kinds.
 * Both kinds run the same init (native/) and speak the same protocol with it.
 */
import type { SandboxAvailability, SandboxKind, SandboxLimits, SandboxSpec } from "../core/sandbox.ts";
import type { RunDirectory } from "./run-directory.ts";

export interface LaunchPlan {
  /** Path of sandbox-init as it is executed on the host. */
  readonly initPath: string;
  readonly directory: RunDirectory;
  readonly sandboxName: string;
  readonly limits: SandboxLimits;
  /** Options of `sandbox-init init`: limits and lifetime. */
  readonly initOptions: readonly string[];
  readonly spec: Omit<SandboxSpec, "kind">;
  /** What `imageRoot` gave for `spec`. */
  readonly imageRoot: string | null;
}

export interface Launch {
  /** Further options of `sandbox-init start`. */
  readonly startOptions: readonly string[];
  /** What `sandbox-init start` becomes. */
  readonly argv: readonly string[];
  /** As seen inside. */
  readonly home: string;
  /** Of every process inside; exec and shell add to it. */
  readonly env: Readonly<Record<string, string>>;
  readonly shellArgv: readonly string[];
  /** Removes what the launch made on the host, after the sandbox is gone. */
  dispose(): Promise<void>;
}

export interface Flavour {
  readonly kind: SandboxKind;
  /** Whether each sandbox gets a user of its own, where we may change users. */
  readonly hasOwnUser: boolean;
  /** Without `limitsBy`, which is the same for all kinds. */
  probe(): Promise<Omit<SandboxAvailability, "limitsBy">>;
  /** Once for each driver, before its first sandbox. */
  prepare(directory: RunDirectory): void;
  /**
   * The directory with the root file system of `spec.image`; null: none is asked for.
   * @throws SandboxError ERR_SANDBOX_UNAVAILABLE when this kind has no images, workspaces or writable roots and `spec` asks
   * for one, ERR_SANDBOX_IMAGE when the image cannot be had.
   */
  imageRoot(spec: Omit<SandboxSpec, "kind">): Promise<string | null>;
  /** @throws SandboxError ERR_SANDBOX_UNAVAILABLE when what `spec` asks for cannot be. */
  launch(plan: LaunchPlan): Launch;
}
