/** What can be wrong with a training run's environments, found before anything is written. */
import type { EnvironmentDefinition } from "../../core/env.ts";
import { ConfigError, JudgeError } from "../../core/errors.ts";
import type { Judge } from "../../core/judge.ts";
import { createRandom } from "../../core/random.ts";
import { createJudge } from "../../judge/create-judge.ts";
import { parseJudgeSpec } from "../../judge/spec.ts";
import type { TrainConfig } from "../../rl/train/config.ts";
import { requireReachable } from "../reachable.ts";

/**
 * @returns the config as it will run: without dev measurements where no environment has dev tasks.
 * @throws ConfigError that names the environment or the key.
 */
export async function checkTraining(
  definitions: readonly EnvironmentDefinition[],
  config: TrainConfig,
): Promise<TrainConfig> {
  const ids = definitions.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw wrong(`${twice} is named twice; give it a larger weight instead: weights.${twice}`);
  const unknown = Object.keys(config.weights).find((id) => !ids.includes(id));
  if (unknown !== undefined)
    throw wrong(`training config: weights.${unknown} names no environment of this run (${ids.join(", ")})`);
  const { dModel, heads, kvHeads, headSize } = config.model;
  if (headSize % 2 !== 0)
    throw wrong(
      `training config: model.headSize (${headSize}) must be even; without it model.dModel (${dModel}) must be a multiple ` +
        `of twice model.heads (${heads}), as 32 is of 4`,
    );
  if (heads % kvHeads !== 0)
    throw wrong(`training config: model.kvHeads (${kvHeads}) must divide model.heads (${heads})`);
  for (const definition of definitions) await checkTasks(definition, config);
  const measuresDev = definitions.some(({ tasks }) => tasks.dev.size !== 0);
  return measuresDev ? config : { ...config, evaluation: { ...config.evaluation, devTasks: 0 } };
}

async function checkTasks({ id, tasks }: EnvironmentDefinition, config: TrainConfig): Promise<void> {
  const { seed, horizon, start, judge } = config;
  for (const split of ["train", "test"] as const)
    if (tasks[split].size === 0) throw wrong(`${id} has no ${split} tasks, and training needs some`, "ERR_NO_TASKS");
  const { oracle, subgoals } = await tasks.train.get(0, { seed, horizon });
  if (subgoals.length === 0 && judge.spec !== null && parseJudgeSpec(judge.spec).kind === "subgoal")
    throw wrong(
      `${id} has no subgoals for the judge "${judge.spec}" to read; train on outcomes alone: "judge": {"spec": null}`,
      "ERR_NO_SUBGOALS",
    );
  if (!oracle && start.policy === undefined)
    throw wrong(
      `${id} has no oracle to imitate; start from a model instead: "start": {"policy": "local:DIR"}`,
      "ERR_NO_ORACLE",
    );
}

/** null: the outcome alone rewards. @throws ConfigError for a bad spec, JudgeError when nothing listens there. */
export async function openTrainingJudge({ judge, seed }: TrainConfig): Promise<Judge | null> {
  if (judge.spec === null) return null;
  const spec = parseJudgeSpec(judge.spec);
  if (spec.kind === "openai") await requireReachable(spec.baseUrl, JudgeError);
  return createJudge(spec, { random: createRandom(`${seed}/judge`) });
}

function wrong(message: string, code = "ERR_CONFIG"): ConfigError {
  return new ConfigError(message, { code });
}
