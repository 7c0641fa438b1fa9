import type { JsonObject, JsonValue } from "./json.ts";

export type Split = "train" | "dev" | "test";
export const splits: readonly Split[] = ["train", "dev", "test"];

/** Budgets of one episode. A spent budget is a stop reason, never an error. */
export interface TaskLimits {
  readonly maxSteps: number;
  /** Wall clock for the whole episode, milliseconds. */
  readonly maxTimeMs: number;
  /** Wall clock for one environment call (reset, step, finish), milliseconds; past it the environment has failed. */
  readonly callTimeoutMs: number;
  readonly maxTokens?: number;
  readonly maxCostUsd?: number;
}

export const defaultTaskLimits: TaskLimits = { maxSteps: 30, maxTimeMs: 600_000, callTimeoutMs: 60_000 };

/** One step of a known solution: the actions of one turn, and named plausible mistakes in its place. */
export interface OracleStep {
  readonly actions: readonly JsonValue[];
  /** Subgoal ids that this step reaches; informative. */
  readonly reaches?: readonly string[];
  readonly mistakes?: readonly { readonly name: string; readonly actions: readonly JsonValue[] }[];
}

/** A privileged check on the world's state, by id. The policy never sees it. */
export interface Subgoal {
  readonly id: string;
  readonly description: string;
}

export interface Task {
  /** Unique within its environment, for example "train/count-lines/000123". */
  readonly id: string;
  readonly family: string;
  readonly instruction: string;
  readonly seed: number;
  /** Dependent steps that a solution needs, at least 1. */
  readonly horizon: number;
  readonly limits: TaskLimits;
  /** What `reset` and `score` need beside the above; plain JSON, so a task survives the log. */
  readonly data: JsonObject;
  readonly oracle?: readonly OracleStep[];
  readonly subgoals: readonly Subgoal[];
}

export interface TaskOptions {
  readonly seed: number;
  /** Dependent steps; environments without a notion of it ignore it. */
  readonly horizon?: number;
}

/** The tasks of one split: `get` is a pure function of its arguments. */
export interface TaskSource {
  /** How many distinct tasks there are; null when generated without end. */
  readonly size: number | null;
  get(index: number, options: TaskOptions): Task | Promise<Task>;
}
