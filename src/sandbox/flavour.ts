/**
 * What a kind of sandbox brings; everything else (driver.ts, running-sandbox.ts) is the same for all kinds.
 * All kinds run the same init (native/) and speak the same protocol with it.
 */
import type { SandboxAvailability, SandboxKind, SandboxLimits, SandboxSpec } from "../core/sandbox.ts";
import type { RunDirectory } from "./run-directory.ts";

export interface LaunchPlan {
  readonly spec: Omit<SandboxSpec, "kind">;
  /** Path of sandbox-init as it is executed on the host. */
  readonly initPath: string;
  readonly directory: RunDirectory;
  readonly sandboxName: string;
  /** Where clients reach the sandbox's init, on the host. */
  readonly socketPath: string;
  /** Directories of control groups to join. */
  readonly cgroups: readonly string[];
  /** The user that the sandbox runs as, when we are root; null: our own. */
  readonly uid: number | null;
  readonly limits: SandboxLimits;
  readonly lifetimeSeconds: number;
  /** Nobody waits for it: others may go first. */
  readonly ahead: boolean;
  /** Options of `sandbox-init init`: limits and lifetime. */
  readonly initOptions: readonly string[];
}

export interface Launch {
  /** The process on the host that holds the sandbox: sandbox-init and its arguments. It ends when the sandbox does. */
  readonly argv: readonly string[];
  /** What must be started beside that process before init can serve. `dispose` may come at any moment after. */
  readonly enter?: () => Promise<void>;
  /** As seen inside. */
  readonly home: string;
  /** Of every process inside; exec and shell add to it. */
  readonly env: Readonly<Record<string, string>>;
  readonly shellArgv: readonly string[];
  /** As the host sees it, terminals are given to this user; null: they stay ours. */
  readonly terminalUid: number | null;
  /** Removes what the launch made on the host, after the sandbox is gone. */
  dispose(): Promise<void>;
}

export interface Flavour {
  readonly kind: SandboxKind;
  /** Whether each sandbox gets a user of its own, where we may change users. */
  readonly hasOwnUser: boolean;
  /** Who enforces memory, processor and process limits: we, by control groups or rlimits, or a container engine. */
  readonly limitedBy: "us" | "engine";
  /** Whether the driver copies the workspace in, through init; else the launch brings it along. */
  readonly fillsWorkspace: boolean;
  /** How many sandboxes of one shape are worth starting ahead of need; 0 where a start takes milliseconds. */
  readonly maxSpares: number;
  /** `limitsBy` where the kind is limited by an engine. */
  probe(): Promise<Omit<SandboxAvailability, "limitsBy"> & Partial<Pick<SandboxAvailability, "limitsBy">>>;
  /** Once for each driver, before its first sandbox. */
  prepare(directory: RunDirectory): void;
  /**
   * @throws SandboxError ERR_SANDBOX_UNAVAILABLE when this kind cannot do what `spec` asks for, ERR_SANDBOX_IMAGE when the
   * image cannot be had.
   */
  launch(plan: LaunchPlan): Promise<Launch>;
  /** Removes what dead owners left outside of directories and control groups; returns their names. */
  sweep?(): Promise<readonly string[]>;
  /** Names of this driver's sandboxes that have a container. */
  containers?(directory: RunDirectory): Promise<readonly string[]>;
}

/** A launch that `sandbox-init start`, with further options, makes by becoming `argv`. */
export function startArgv(plan: LaunchPlan, options: readonly string[], argv: readonly string[]): string[] {
  const { initPath, socketPath, cgroups, uid } = plan;
  const groups = cgroups.flatMap((path) => ["--cgroup", path]);
  const user = uid === null ? [] : ["--uid", String(uid)];
  return [initPath, "start", "--socket", socketPath, ...groups, ...user, ...options, "--", ...argv];
}
