/** Samples of generated tasks. */
import type { Split, Task } from "../../../../../src/core/task.ts";
import { allFamilies } from "../../../../../src/envs/terminal/tasks/families/index.ts";
import { taskSource } from "../../../../../src/envs/terminal/tasks/index.ts";
import { stagesOf } from "../../../../../src/envs/terminal/tasks/stage.ts";

export async function tasksOf(split: Split, count: number, horizon = 1, seed = 7): Promise<Task[]> {
  const source = taskSource(split);
  return Promise.all(Array.from({ length: count }, async (_, index) => source.get(index, { seed, horizon })));
}

/** One task of one stage for every variant that there is. */
export async function tasksOfEveryVariant(split: Split): Promise<Task[]> {
  const source = taskSource(split);
  const found = new Map<string, Task>();
  const wanted = allFamilies.reduce((sum, { variants }) => sum + Object.keys(variants).length, 0);
  for (let index = 0; found.size < wanted; index++) {
    const task = await source.get(index, { seed: 17 });
    const [stage] = stagesOf(task.data);
    const key = `${stage!.family}/${stage!.params.variant}`;
    if (!found.has(key)) found.set(key, task);
    if (index > 5_000) throw new Error(`only ${found.size} of ${wanted} variants are ever drawn`);
  }
  return [...found.values()];
}

/** Positions of the stages that consume what an earlier stage made. */
export function dependentStages(task: Task): number[] {
  return stagesOf(task.data).flatMap(({ input }, position) => (input === null ? [] : [position]));
}
