/** One stage of a task as plain data, and what it becomes when it is applied to a scene. */
import { z } from "zod";
import type { JsonObject, JsonValue } from "../../../core/json.ts";
import { createRandom, hashString } from "../../../core/random.ts";
import type { OracleStep, Split } from "../../../core/task.ts";
import { allFamilies } from "./families/index.ts";
import { type Family, fill, type Parameters, type Variant, variantOf } from "./family.ts";
import { type Product, Scene } from "./scene.ts";

const kind = z.enum(["log", "csv", "words", "lines", "number", "tree", "archive", "gzip"]);

const stageSchema = z.object({
  family: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])).and(z.object({ variant: z.string() })),
  seed: z.number(),
  /** Kind of the earlier product that the stage consumes; null: it brings its own files. */
  input: kind.nullable(),
});

export type Stage = z.infer<typeof stageSchema>;

const dataSchema = z.object({ stages: z.array(stageSchema).min(1).max(64) });

/** @throws ZodError when the data is none of a generated task. */
export function stagesOf(data: JsonObject): readonly Stage[] {
  return dataSchema.parse(data).stages;
}

const byName: ReadonlyMap<string, Family> = new Map(allFamilies.map((family) => [family.name, family]));

export function familyOf(stage: Stage): Family {
  const family = byName.get(stage.family);
  if (!family) throw new Error(`there is no task family ${stage.family}`);
  return family;
}

/** Apply a stage to the scene; the same stage on the same scene gives the same. */
export function applyStage(scene: Scene, stage: Stage): readonly Product[] {
  scene.beginStage();
  return familyOf(stage).build(stage.params, {
    scene,
    own: stage.input === null,
    inputKind: stage.input,
    random: createRandom(`${stage.seed}/world`),
  });
}

export function sceneOf(stages: readonly Stage[]): Scene {
  const scene = new Scene();
  for (const stage of stages) applyStage(scene, stage);
  return scene;
}

/** The stage's sentence, in one of the family's wordings. */
export function sentenceOf(stage: Stage): string {
  const { wordings } = variantOf(familyOf(stage), stage.params);
  return fill(createRandom(`${stage.seed}/wording`).pick(wordings), stage.params);
}

export function oracleStepOf(stage: Stage, subgoal: string): OracleStep {
  const variant = variantOf(familyOf(stage), stage.params);
  return {
    actions: actionsOf(variant, stage.params),
    reaches: [subgoal],
    mistakes: variant.mistakes.map((mistake) => ({ name: mistake.name, actions: actionsOf(mistake, stage.params) })),
  };
}

function actionsOf(
  { command, answers }: { readonly command: string; readonly answers?: readonly string[] },
  params: Parameters,
): JsonValue[] {
  const run: JsonValue = { type: "run", command: fill(command, params) };
  if (!answers) return [run];
  return [run, { type: "keys", keys: answers.flatMap((answer) => [{ text: fill(answer, params) }, { key: "Enter" }]) }];
}

/**
 * Tenths of the parameter space: 0 to 6 train, 7 dev, 8 and 9 test. It must never change.
 * Only parameters that sentence or command show are counted, so that no two splits share what an agent reads and
 * writes, whatever differs behind it.
 */
export function splitOf(family: Family, params: Parameters): Split {
  const shown = shownBy(variantOf(family, params)).map((name) => [name, params[name]]);
  const tenth = hashString(JSON.stringify([family.name, params.variant, shown])) % 10;
  return tenth < 7 ? "train" : tenth === 7 ? "dev" : "test";
}

const shownNames = new WeakMap<Variant, readonly string[]>();

/** Names of the parameters in a variant's templates, sorted. */
function shownBy(variant: Variant): readonly string[] {
  let names = shownNames.get(variant);
  if (!names) {
    const templates = [...variant.wordings, variant.command, ...(variant.answers ?? [])].join(" ");
    names = [...new Set([...templates.matchAll(/\{([a-z]+)\}/g)].map((match) => match[1]!))].toSorted();
    shownNames.set(variant, names);
  }
  return names;
}
