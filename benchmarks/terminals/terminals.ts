/** The ways to run a command in one of many terminals that are compared. */
import type { EnvironmentDefinition } from "../../src/core/env.ts";
import type { SandboxDriver } from "../../src/core/sandbox.ts";
import type { Task } from "../../src/core/task.ts";
import type { Terminals } from "../support/terminals.ts";

export interface BenchContext {
  readonly driver: SandboxDriver;
  readonly definition: EnvironmentDefinition;
  /** Its budgets are out of reach. */
  readonly task: Task;
  /** Empty. */
  readonly workDirectory: string;
}

export type OpenTerminals = (count: number, context: BenchContext) => Promise<Terminals>;
