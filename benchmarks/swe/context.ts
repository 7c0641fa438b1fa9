/** What the ways that are compared need. */
import type Docker from "dockerode";
import type { EnvironmentDefinition } from "../../src/core/env.ts";
import { defaultSandboxLimits, type SandboxDriver, type SandboxLimits } from "../../src/core/sandbox.ts";
import type { Task } from "../../src/core/task.ts";

/** Kinds of sandboxes that have images. */
export const tiers = ["docker", "bubblewrap"] as const;
export type Tier = (typeof tiers)[number];

export interface TierContext {
  readonly tier: Tier;
  readonly driver: SandboxDriver;
  readonly definition: EnvironmentDefinition;
  /** Its budgets are out of reach. */
  readonly task: Task;
  /** The repository as the environment's sandboxes get it: at /testbed, with a .git. */
  readonly workspace: string;
  /** The base image, unpacked. */
  readonly root: string;
  /** Of the docker tier: the engine, and its image that has the repository baked in, as SWE harnesses have theirs. */
  readonly engine: { readonly docker: Docker; readonly image: string } | null;
  /** For what a way makes; emptied by nobody. */
  readonly workDirectory: string;
}

/** What every way is held to. */
export function limitsOf({ definition }: Pick<TierContext, "definition">): SandboxLimits {
  return { ...defaultSandboxLimits, ...definition.requires.limits };
}
