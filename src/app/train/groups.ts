/** Endless groups of attempts for training: which environment, which task, and how far ahead of the trainer. */
import { systemClock } from "../../core/clock.ts";
import type { EnvironmentDefinition } from "../../core/env.ts";
import { createRandom, hashString } from "../../core/random.ts";
import type { Split } from "../../core/task.ts";
import type { GroupPlan } from "../../rollout/plan.ts";
import type { TrainConfig } from "../../rl/train/config.ts";

export interface GroupSourceOptions {
  readonly definitions: readonly EnvironmentDefinition[];
  readonly config: TrainConfig;
  readonly purpose: string;
  readonly split: Split;
  readonly attempts: number;
  /** Index of the first task; purposes that must not share tasks start far apart. */
  readonly firstTask: number;
  /** Groups beyond this many wait; asked anew each time. */
  readonly limit: () => number;
  readonly signal: AbortSignal;
}

const pollMs = 20;

/** Group ids are "purpose-000012": derived, so that a resumed run makes the same ones again. */
export async function* groupSource(options: GroupSourceOptions): AsyncGenerator<GroupPlan, void> {
  const { purpose, split, attempts, firstTask, limit, signal } = options;
  const { seed, horizon } = options.config;
  for (let index = 0; ; index++) {
    while (index >= limit()) await systemClock.sleep(pollMs, signal);
    const definition = chooseDefinition(options, index);
    const source = definition.tasks[split];
    const taskIndex = source.size === null ? firstTask + index : index % source.size;
    const groupId = `${purpose}-${String(index).padStart(6, "0")}`;
    const task = await source.get(taskIndex, { seed, horizon });
    yield { groupId, task, attempts, split, purpose, seed: hashString(`${seed}/${groupId}`), definition };
  }
}

/** By the stated weights; a pure function of the index. */
function chooseDefinition({ definitions, config, purpose }: GroupSourceOptions, index: number): EnvironmentDefinition {
  const weights = definitions.map(({ id }) => config.weights[id] ?? 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let point = createRandom(`${config.seed}/${purpose}/environment/${index}`).next() * total;
  for (const [position, weight] of weights.entries()) {
    point -= weight;
    if (point < 0) return definitions[position]!;
  }
  return definitions.at(-1)!;
}
