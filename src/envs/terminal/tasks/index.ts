/** The generated tasks of `terminal/shell@1`: what the environment needs of them. */
import type { JsonObject } from "../../../core/json.ts";
import type { Split, Task, TaskSource } from "../../../core/task.ts";
import type { World, WorldState } from "./contract.ts";

export type { StateFile, StateProcess, World, WorldState } from "./contract.ts";

export interface WorldScore {
  /** Fraction of the task's stages that hold, 0 to 1. */
  readonly score: number;
  /** True when every stage holds. */
  readonly passed: boolean;
  readonly details: JsonObject;
}

/** Every family there is, in the order in which a source cycles through them. */
export const families: readonly { readonly name: string; readonly description: string }[] = [];

/** The endless tasks of one split; `get` is pure, and cycles through the families. */
export function taskSource(split: Split): TaskSource {
  return {
    size: null,
    get() {
      throw new Error(`the ${split} tasks are being written`);
    },
  };
}

/** The world that `reset` has to build. */
export function worldOf(_task: Task): World {
  return { files: [] };
}

/** Which stages hold in this state, by subgoal id ("stage-1" …). */
export function checkSubgoals(task: Task, _state: WorldState): Record<string, boolean> {
  return Object.fromEntries(task.subgoals.map(({ id }) => [id, false]));
}

/** The outcome of an episode, from its final state alone. */
export function scoreWorld(task: Task, state: WorldState): WorldScore {
  const stages = Object.values(checkSubgoals(task, state));
  const held = stages.filter(Boolean).length;
  return {
    score: stages.length === 0 ? 0 : held / stages.length,
    passed: held === stages.length,
    details: { stages: stages.length, held },
  };
}
