/** The ways to run a command in one of many terminals that are compared. */
import type { EnvironmentDefinition } from "../../src/core/env.ts";
import type { SandboxDriver } from "../../src/core/sandbox.ts";
import type { Task } from "../../src/core/task.ts";

/** `count` open terminals. */
export interface Terminals {
  /** Runs one command in one terminal and waits for its end. One at a time for each terminal. */
  step(terminal: number, command: string): Promise<void>;
  close(): Promise<void>;
}

export interface BenchContext {
  readonly driver: SandboxDriver;
  readonly definition: EnvironmentDefinition;
  /** Its budgets are out of reach. */
  readonly task: Task;
  /** Empty. */
  readonly workDirectory: string;
}

export type OpenTerminals = (count: number, context: BenchContext) => Promise<Terminals>;

/** Terminals opened at once; more only queue for the processors. */
const openingAtOnce = 8;

/** Calls `work` for 0 to count - 1, some at once. */
export async function forEachTerminal<T>(
  count: number,
  work: (terminal: number) => Promise<T>,
  atOnce: number = openingAtOnce,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const terminal = next++;
      results[terminal] = await work(terminal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, worker));
  return results;
}
