import { describe, expect, it } from "vitest";
import { replayActor } from "../../src/agent/replay-actor.ts";
import { replaySource } from "../../src/agent/replay-source.ts";
import { noisyActor } from "../../src/agent/oracle-actor.ts";
import { firstDifference } from "../../src/agent/first-difference.ts";
import { SandboxError } from "../../src/core/errors.ts";
import { planFromLog, planGroups } from "../../src/rollout/plan.ts";
import { runRollouts } from "../../src/rollout/scheduler.ts";
import { countingGame, type CountingGame, type CountingOptions } from "../support/counting-game.ts";
import { memoryLog, type MemoryLog } from "../support/memory-log.ts";

async function recorded(options: CountingOptions = {}): Promise<MemoryLog> {
  const log = memoryLog({ inlineBytes: 10 });
  const { definition } = countingGame(options);
  const groups = planGroups({ definition, split: "train", episodes: 6, groupSize: 2, seed: 1 });
  await runRollouts({ definition, actor: noisyActor(0.5), log, driver: null, groups, parallel: 3, backoffMs: 1 });
  return log;
}

async function replay(stored: MemoryLog, { definition }: CountingGame) {
  const log = memoryLog();
  const actor = replayActor(await replaySource(stored));
  const groups = planFromLog(stored);
  await runRollouts({ definition, actor, log, driver: null, groups, parallel: 3 });
  return { report: actor.report(), log };
}

const turnsOf = (log: MemoryLog) =>
  log
    .ofType("step")
    .map(({ stepId, actions }) => `${stepId} ${JSON.stringify(actions)}`)
    .sort();

describe("replaying a stored run", () => {
  it("does the same actions again and finds the same states", async () => {
    const stored = await recorded();
    const { report, log } = await replay(stored, countingGame());
    expect(report).toEqual({ episodes: 6, steps: stored.ofType("next-state").length, differing: [] });
    expect(turnsOf(log)).toEqual(turnsOf(stored));
  });

  it("says where the world answers otherwise first, also after the last step", async () => {
    const stored = await recorded();
    const game = countingGame();
    let steps = 0;
    const { definition } = game;
    const drifted = {
      ...definition,
      async open(ctx: Parameters<typeof definition.open>[0]) {
        const instance = await definition.open(ctx);
        const step = instance.step.bind(instance);
        instance.step = async (actions, options) => {
          const result = await step(actions, options);
          const last = result.terminated && steps++ === 0;
          return last ? { ...result, observation: { ...result.observation, text: "The count is odd." } } : result;
        };
        return instance;
      },
    };
    const { report } = await replay(stored, { ...game, definition: drifted });
    expect(report.differing).toHaveLength(1);
    const [difference] = report.differing;
    expect(difference).toMatchObject({ step: 3, path: "/text", now: '"The count is odd."' });
    expect(difference!.was).toMatch(/^"The count is \d\."$/);
  });

  it("takes the last try of an attempt that was tried again", async () => {
    let left = 3;
    const stored = await recorded({
      on: (call) => {
        if (call === "step" && left-- > 0) throw new SandboxError("gone", { code: "ERR_GONE", retryable: true });
      },
    });
    expect(stored.ofType("episode-start").filter(({ retry }) => retry > 0)).toHaveLength(3);
    const { report } = await replay(stored, countingGame());
    expect(report).toMatchObject({ episodes: 6, differing: [] });
  });

  it("refuses an episode that was not recorded, or was under another task", async () => {
    const stored = await recorded();
    const { definition } = countingGame();
    const actor = replayActor(await replaySource(stored), "runs/one");
    const groups = planGroups({ definition, split: "train", episodes: 6, groupSize: 2, seed: 1, firstTask: 3 });
    const running = runRollouts({ definition, actor, log: memoryLog(), driver: null, groups, parallel: 1 });
    await expect(running).rejects.toMatchObject({ code: "ERR_REPLAY_MISSING" });
  });
});

describe("the first difference", () => {
  it("is a path with both sides, bounded, and null for equal values", () => {
    expect(firstDifference({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBeNull();
    expect(firstDifference({ a: 1, b: 2 }, { b: 2, a: 1 })).toBeNull();
    expect(firstDifference({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toEqual({ path: "/a/1/b", was: "2", now: "3" });
    expect(firstDifference({ a: 1 }, {})).toEqual({ path: "/a", was: "1", now: "(absent)" });
    expect(firstDifference([1], { 0: 1 })).toMatchObject({ path: "" });
    expect(firstDifference({ "a/b": 1 }, { "a/b": null })).toMatchObject({ path: "/a~1b" });
    const text = "x".repeat(10_000);
    const difference = firstDifference(`${text}A${text}`, `${text}B${text}`)!;
    expect(difference.was).toContain("xxxA");
    expect(difference.now).toContain("xxxB");
    expect(difference.was.length).toBeLessThan(250);
  });
});
