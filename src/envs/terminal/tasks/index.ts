/**
 * The generated tasks of `terminal/shell@1`: what the environment needs of them.
 *
 * A family (family.ts; one file each in families/, filter.ts for those that read one text file and write another) draws
 * parameters and tells a scene (scene.ts) what it gives and what must become true; chain.ts strings stages together,
 * stage.ts keeps them as plain data, claims.ts looks at a final state. Nothing here runs a command.
 */
import type { JsonObject } from "../../../core/json.ts";
import { ConfigError } from "../../../core/errors.ts";
import { nearest } from "../../../core/nearest.ts";
import type { OracleStep, Split, Task, TaskSource } from "../../../core/task.ts";
import { drawStages } from "./chain.ts";
import { type Claim, StateIndex } from "./claims.ts";
import type { World, WorldState } from "./contract.ts";
import { allFamilies } from "./families/index.ts";
import type { Family } from "./family.ts";
import type { Scene } from "./scene.ts";
import { oracleStepOf, sceneOf, sentenceOf, stagesOf } from "./stage.ts";

export { worldStateOf } from "./contract.ts";
export type { StateFile, StateProcess, World, WorldState } from "./contract.ts";
export { wordTokens } from "./lexicon.ts";
export { vocabulary } from "./vocabulary.ts";

export interface WorldScore {
  /** Fraction of the task's stages that hold, 0 to 1. */
  readonly score: number;
  /** True when every stage holds. */
  readonly passed: boolean;
  readonly details: JsonObject;
}

export const maxHorizon = 30;

/** Every family there is, in the order in which a source cycles through them. */
export const families: readonly { readonly name: string; readonly description: string }[] = allFamilies.map(
  ({ name, description }) => ({ name, description }),
);

/**
 * The endless tasks of one split; `get` is pure, and cycles through the families.
 * At a horizon above 1 the cycle chooses the first stage's family, and the task's family is "chain".
 * @param names of the families that tasks are made of; default: all.
 * @throws ConfigError ERR_TASK_FAMILY when a name is unknown, or none is given.
 */
export function taskSource(split: Split, names: readonly string[] = families.map(({ name }) => name)): TaskSource {
  const chosen = names.map(familyNamed);
  if (chosen.length === 0)
    throw new ConfigError("terminal tasks need at least one family", { code: "ERR_TASK_FAMILY" });
  return {
    size: null,
    get(index, { seed, horizon = 1 }) {
      if (!Number.isInteger(horizon) || horizon < 1 || horizon > maxHorizon)
        throw new ConfigError(`terminal tasks have a horizon of 1 to ${maxHorizon}, not ${horizon}`, {
          code: "ERR_TASK_HORIZON",
        });
      const stages = drawStages(split, index, { seed, horizon, families: chosen });
      const first = stages[0]!;
      const sentences = stages.map(sentenceOf);
      const subgoals = sentences.map((description, i) => ({ id: `stage-${i + 1}`, description }));
      return {
        id: `${split}/${horizon === 1 ? first.family : "chain"}/s${seed}-i${index}-h${horizon}`,
        family: horizon === 1 ? first.family : "chain",
        instruction: horizon === 1 ? sentences[0]! : sentences.map((text, i) => `${i + 1}. ${text}`).join("\n"),
        seed: first.seed,
        horizon,
        limits: { maxSteps: 2 * horizon + 3, maxTimeMs: 120_000 + 20_000 * horizon, callTimeoutMs: 16_000 },
        data: { stages: stages.map((stage) => ({ ...stage })) },
        oracle: stages.map((stage, i) => {
          const step = oracleStepOf(stage, subgoals[i]!.id);
          return i + 1 < horizon ? step : submitting(step);
        }),
        subgoals,
      };
    },
  };
}

function familyNamed(name: string): Family {
  const found = allFamilies.find((family) => family.name === name);
  if (found) return found;
  const near = nearest(
    name,
    allFamilies.map((family) => family.name),
  );
  const hint = near === null ? `choose from ${allFamilies.map((one) => one.name).join(", ")}` : `did you mean ${near}?`;
  throw new ConfigError(`no family of terminal tasks is called "${name}"; ${hint}`, { code: "ERR_TASK_FAMILY" });
}

/** The last turn says that the work is done, whether it was done well or badly. */
function submitting({ actions, mistakes = [], ...rest }: OracleStep): OracleStep {
  const submit = { type: "submit" };
  return {
    ...rest,
    actions: [...actions, submit],
    mistakes: mistakes.map((mistake) => ({ ...mistake, actions: [...mistake.actions, submit] })),
  };
}

/** Scenes are rebuilt from a task's data; the same task object is asked many times in an episode. */
const scenes = new WeakMap<Task, Scene>();

function sceneFor(task: Task): Scene {
  let scene = scenes.get(task);
  if (!scene) scenes.set(task, (scene = sceneOf(stagesOf(task.data))));
  return scene;
}

/** The world that `reset` has to build. */
export function worldOf(task: Task): World {
  return sceneFor(task).world;
}

/** Which stages hold in this state, by subgoal id ("stage-1" …); of a world that is gone none. */
export function checkSubgoals(task: Task, state: WorldState | null): Record<string, boolean> {
  const index = state && new StateIndex(state);
  const hold = (claims: readonly Claim[]): boolean => index !== null && claims.every((claim) => index.holds(claim));
  return Object.fromEntries(sceneFor(task).claims.map((claims, i) => [`stage-${i + 1}`, hold(claims)]));
}

/** The outcome of an episode, from its final state alone. */
export function scoreWorld(task: Task, state: WorldState | null): WorldScore {
  const stages = checkSubgoals(task, state);
  const held = Object.values(stages).filter(Boolean).length;
  const total = Object.keys(stages).length;
  return { score: held / total, passed: held === total, details: { stages } };
}
