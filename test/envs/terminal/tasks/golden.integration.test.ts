import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SandboxDriver } from "../../../../src/core/sandbox.ts";
import { splits, type Task } from "../../../../src/core/task.ts";
import { checkSubgoals, families, scoreWorld, taskSource } from "../../../../src/envs/terminal/tasks/index.ts";
import { stagesOf } from "../../../../src/envs/terminal/tasks/stage.ts";
import { createSandboxDriver } from "../../../../src/sandbox/index.ts";
import { PlayedWorld } from "./support/played-world.ts";
import { dependentStages, tasksOf, tasksOfEveryVariant } from "./support/sampling.ts";

let driver: SandboxDriver;
beforeAll(() => {
  driver = createSandboxDriver("bubblewrap");
});
afterAll(() => driver.close());

async function open(task: Task): Promise<PlayedWorld> {
  return PlayedWorld.open(driver, task);
}

describe("gold and no-op", () => {
  it.each(families.map(({ name }, index) => ({ name, index })))(
    "$name: the gold solution passes in every split, and doing nothing scores 0",
    async ({ index }) => {
      for (const split of splits) {
        const task = await taskSource(split).get(index, { seed: 11 });
        await using world = await open(task);
        expect(scoreWorld(task, await world.state())).toMatchObject({ passed: false, score: 0 });
        await world.playAll(task.oracle!);
        expect(scoreWorld(task, await world.state()), task.instruction + world.output).toMatchObject({ passed: true });
      }
    },
  );

  it.each([
    { horizon: 3, count: 48 },
    { horizon: 8, count: 24 },
    { horizon: 30, count: 6 },
  ])("chains of $horizon: gold passes, doing nothing scores 0", async ({ horizon, count }) => {
    for (const task of await tasksOf("test", count, horizon)) {
      await using world = await open(task);
      expect(scoreWorld(task, await world.state())).toMatchObject({ passed: false, score: 0 });
      await world.playAll(task.oracle!);
      expect(scoreWorld(task, await world.state()), `${task.instruction}\n${world.output}`).toMatchObject({
        passed: true,
        score: 1,
      });
    }
  });
});

describe("stages", () => {
  it("a stage holds from the moment it is done to the end, and never before", async () => {
    for (const task of await tasksOf("train", 24, 8)) {
      await using world = await open(task);
      for (const [done, step] of task.oracle!.entries()) {
        const held = Object.values(checkSubgoals(task, await world.state()));
        expect(held, `${task.instruction}\nafter ${done} steps`).toEqual(held.map((_, stage) => stage < done));
        await world.play(step.actions);
      }
    }
  });

  it("a stage that is left out takes with it those that consume what it makes", async () => {
    let spoiled = 0;
    for (const task of await tasksOf("train", 36, 3)) {
      const dependent = dependentStages(task);
      if (!dependent.includes(1)) continue;
      // The second stage can only consume what the first one made.
      await using world = await open(task);
      await world.playAll(task.oracle!.slice(1));
      expect(checkSubgoals(task, await world.state()), task.instruction).toMatchObject({
        "stage-1": false,
        "stage-2": false,
      });
      spoiled += 1;
    }
    expect(spoiled).toBeGreaterThan(20);
  });
});

describe("mistakes", () => {
  it("every named mistake of every variant fails its stage", async () => {
    for (const task of await tasksOfEveryVariant("train")) {
      const mistakes = task.oracle![0]!.mistakes!;
      expect(mistakes.length, task.id).toBeGreaterThanOrEqual(2);
      for (const { name, actions } of mistakes) {
        await using world = await open(task);
        await world.play(actions);
        expect(scoreWorld(task, await world.state()), `${task.instruction}\n${name}`).toMatchObject({ passed: false });
      }
    }
  });

  it("a mistake within a chain fails its stage too", async () => {
    for (const task of await tasksOf("test", 16, 3))
      for (const [stage, { mistakes }] of task.oracle!.entries())
        for (const { name, actions } of mistakes!) {
          await using world = await open(task);
          for (const [at, step] of task.oracle!.entries()) await world.play(at === stage ? actions : step.actions);
          expect(checkSubgoals(task, await world.state()), `${task.instruction}\n${name}`).toMatchObject({
            [`stage-${stage + 1}`]: false,
          });
        }
  });

  it("changing the input beside a right answer does not pass", async () => {
    let changed = 0;
    for (const task of await tasksOfEveryVariant("dev")) {
      const { params } = stagesOf(task.data)[0]!;
      const input = params["input"] ?? params["first"];
      // Among programs to stop, "first" is no file.
      if (input === undefined || params["program"] !== undefined) continue;
      await using world = await open(task);
      await world.playAll(task.oracle!);
      await world.play([{ type: "run", command: `chmod u+w ${input}; echo more >> ${input}` }]);
      expect(scoreWorld(task, await world.state()), task.instruction).toMatchObject({ passed: false });
      changed += 1;
    }
    expect(changed).toBeGreaterThan(20);
  });

  it("printing the answer instead of writing it does not pass", async () => {
    let printed = 0;
    for (const task of await tasksOfEveryVariant("test")) {
      const { command } = task.oracle![0]!.actions[0] as { command: string };
      const toTerminal = command.replace(/ > \S+$/, "");
      if (toTerminal === command) continue;
      await using world = await open(task);
      await world.play([{ type: "run", command: toTerminal }]);
      expect(world.output.trim()).not.toBe("");
      expect(scoreWorld(task, await world.state()), task.instruction).toMatchObject({ passed: false });
      printed += 1;
    }
    expect(printed).toBeGreaterThan(20);
  });
});
