import { describe, expect, it } from "vitest";
import { hashString } from "../../../../src/core/random.ts";
import { splits, type Task } from "../../../../src/core/task.ts";
import {
  checkSubgoals,
  families,
  taskSource,
  vocabulary,
  wordTokens,
  worldOf,
  type WorldState,
} from "../../../../src/envs/terminal/tasks/index.ts";
import { allFamilies } from "../../../../src/envs/terminal/tasks/families/index.ts";
import { nouns } from "../../../../src/envs/terminal/tasks/lexicon.ts";
import { familyOf, splitOf, stagesOf } from "../../../../src/envs/terminal/tasks/stage.ts";
import { dependentStages, tasksOf } from "./support/sampling.ts";

function commandsOf(task: Task): string[] {
  return task.oracle!.flatMap(({ actions, mistakes }) =>
    [actions, ...mistakes!.map((mistake) => mistake.actions)]
      .flat()
      .map((action) => JSON.stringify(action))
      .filter((action) => action !== '{"type":"submit"}'),
  );
}

function wordsOf(task: Task): string[] {
  const commands = task.oracle!.flatMap(({ actions, mistakes }) => [
    actions,
    ...mistakes!.map(({ actions }) => actions),
  ]);
  const typed = (commands.flat() as { command?: string; keys?: ({ text: string } | { key: string })[] }[]).flatMap(
    ({ command, keys }) => [command ?? "", ...(keys ?? []).map((key) => ("text" in key ? key.text : key.key))],
  );
  return [task.instruction, ...typed].flatMap(wordTokens);
}

function worldHash(task: Task): number {
  return hashString(JSON.stringify(worldOf(task)));
}

describe("a task source", () => {
  it("is pure: the same arguments give the same task and the same world", async () => {
    for (const horizon of [1, 3, 30])
      for (const index of [0, 5, 31]) {
        const [a, b] = await Promise.all([1, 2].map(async () => taskSource("test").get(index, { seed: 4, horizon })));
        expect(a).toEqual(b);
        expect(worldOf(a!)).toEqual(worldOf(b!));
      }
  });

  it("survives JSON: a task from the log has the same world", async () => {
    for (const task of await tasksOf("train", 30, 4))
      expect(worldOf(JSON.parse(JSON.stringify(task)) as Task)).toEqual(worldOf(task));
  });

  it("gives other tasks for other indices, seeds and horizons", async () => {
    const tasks = [...(await tasksOf("train", 400, 1, 1)), ...(await tasksOf("train", 400, 1, 2))];
    expect(new Set(tasks.map(worldHash)).size).toBe(800);
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(800);
    expect(new Set(tasks.map(({ instruction }) => instruction)).size).toBeGreaterThan(790);
  });

  it("keeps to the families it is given, in chains too, and names the nearest to one it does not know", async () => {
    const some = ["sort-lines", "unique-lines", "symlinks"];
    const source = taskSource("train", some);
    for (let index = 0; index < 12; index++)
      for (const horizon of [1, 6]) {
        const task = await source.get(index, { seed: 3, horizon });
        for (const { family } of stagesOf(task.data)) expect(some).toContain(family);
      }
    expect(() => taskSource("train", ["sort-line"])).toThrow(/"sort-line"; did you mean sort-lines\?/);
    expect(() => taskSource("train", [])).toThrow(/at least one family/);
  });

  it("cycles through all families, at least twelve, each with four wordings for each of its variants", async () => {
    const tasks = await tasksOf("dev", families.length);
    expect(tasks.map(({ family }) => family)).toEqual(families.map(({ name }) => name));
    expect(families.length).toBeGreaterThanOrEqual(12);
    for (const family of allFamilies)
      for (const variant of Object.values(family.variants)) expect(new Set(variant.wordings).size).toBeGreaterThan(3);
  });

  it("refuses a horizon that it cannot make", () => {
    for (const horizon of [0, 31, 1.5])
      expect(() => taskSource("train").get(0, { seed: 0, horizon })).toThrow(/horizon of 1 to 30/);
  });
});

describe("splits", () => {
  it("share no parameters, no world and no instruction over 2,000 tasks each", async () => {
    const seen = new Map<string, string>();
    for (const split of splits) {
      const tasks = [...(await tasksOf(split, 1_800)), ...(await tasksOf(split, 200, 3))];
      for (const task of tasks) {
        const stages = stagesOf(task.data).map(({ family, params }) => `params ${family} ${JSON.stringify(params)}`);
        for (const key of [...stages, `world ${worldHash(task)}`, `task ${task.instruction}`]) {
          expect(seen.get(key) ?? split, key).toBe(split);
          seen.set(key, split);
        }
      }
    }
  });

  it("hold for every stage of a long chain", async () => {
    for (const split of splits)
      for (const task of await tasksOf(split, 6, 30))
        for (const stage of stagesOf(task.data)) expect(splitOf(familyOf(stage), stage.params)).toBe(split);
  });
});

describe("chains", () => {
  it("have one oracle step and one subgoal for each stage, submit in the last, and most stages consume an earlier product", async () => {
    for (const horizon of [1, 3, 8, 30]) {
      const tasks = await tasksOf("train", 24, horizon);
      for (const { oracle, subgoals, limits, instruction } of tasks) {
        expect(oracle).toHaveLength(horizon);
        const last = oracle!.at(-1)!;
        for (const { actions } of [last, ...last.mistakes!]) expect(actions.at(-1)).toEqual({ type: "submit" });
        expect(subgoals.map(({ id }) => id)).toEqual(oracle!.map((_, i) => `stage-${i + 1}`));
        expect(limits.maxSteps).toBeGreaterThan(horizon + 1);
        if (horizon > 1)
          expect(instruction.split("\n").map((line, i) => line.startsWith(`${i + 1}. `))).not.toContain(false);
      }
      const dependent = tasks.reduce((sum, task) => sum + dependentStages(task).length, 0);
      expect(dependent / tasks.length).toBeGreaterThanOrEqual(0.8 * (horizon - 1) - 0.5);
    }
  });
});

describe("words", () => {
  it("of instructions, commands and keys all come from the closed vocabulary", async () => {
    const known = new Set(vocabulary());
    expect(known.size).toBeLessThan(800);
    for (const split of splits)
      for (const task of [
        ...(await tasksOf(split, 480)),
        ...(await tasksOf(split, 48, 8)),
        ...(await tasksOf(split, 6, 30)),
      ])
        expect(wordsOf(task).filter((token) => !known.has(token))).toEqual([]);
  });

  it("stay few: at most 40 in a sentence and 26 in a command", async () => {
    for (const task of await tasksOf("train", 960)) {
      expect(wordTokens(task.instruction).length).toBeLessThanOrEqual(40);
      const { command } = task.oracle![0]!.actions[0] as { command: string };
      expect(wordTokens(command).length).toBeLessThanOrEqual(26);
    }
  });

  it("the oracle only writes names and numbers that stand in its sentence", async () => {
    for (const task of await tasksOf("train", 480)) {
      const variant = Object.values(allFamilies.find(({ name }) => name === task.family)!.variants);
      const fixed = new Set(variant.flatMap(({ command }) => wordTokens(command.replace(/\{[a-z]+\}/g, " "))));
      const told = new Set(wordTokens(task.instruction));
      const [{ command }] = task.oracle![0]!.actions as [{ command: string }];
      expect(wordTokens(command).filter((token) => /\w/.test(token) && !told.has(token) && !fixed.has(token))).toEqual(
        [],
      );
    }
  });

  it("names contain no other name, so that a search for one never finds another", () => {
    for (const name of nouns) expect(nouns.filter((other) => other.includes(name))).toEqual([name]);
  });
});

describe("oracles", () => {
  it("differ from each of their mistakes", async () => {
    for (const task of await tasksOf("train", 480)) {
      const commands = commandsOf(task);
      expect(new Set(commands).size, task.id).toBe(commands.length - repeatedRuns(task));
    }
  });

  it("an empty world holds no stage", async () => {
    const nothing: WorldState = { files: [], processes: [] };
    for (const task of await tasksOf("train", 96)) expect(Object.values(checkSubgoals(task, nothing))).toEqual([false]);
  });
});

/** Interactive mistakes run the same program and type something else. */
function repeatedRuns(task: Task): number {
  return task.family === "interactive" ? task.oracle![0]!.mistakes!.length : 0;
}
