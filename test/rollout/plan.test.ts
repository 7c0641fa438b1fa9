import { describe, expect, it } from "vitest";
import { oracleActor } from "../../src/agent/oracle-actor.ts";
import type { EpisodeSummary, GroupPlan, PlanOptions } from "../../src/rollout/plan.ts";
import { attemptsOf, planFromLog, planGroups, planResume } from "../../src/rollout/plan.ts";
import { runRollouts } from "../../src/rollout/scheduler.ts";
import { countingGame } from "../support/counting-game.ts";
import { memoryLog } from "../support/memory-log.ts";

const { definition } = countingGame({ tasks: 3 });

async function collect(plan: AsyncIterable<GroupPlan>): Promise<GroupPlan[]> {
  const groups: GroupPlan[] = [];
  for await (const group of plan) groups.push(group);
  return groups;
}

const groupsOf = (options: Partial<PlanOptions> = {}) =>
  planGroups({ definition, split: "train", episodes: 7, groupSize: 3, seed: 5, ...options });

const tried = (groupId: string, attempt: number, rest: Partial<EpisodeSummary> = {}): EpisodeSummary => ({
  groupId,
  attempt,
  retry: 0,
  stopReason: "submitted",
  error: null,
  score: 1,
  ...rest,
});

const error = { code: "ERR_X", boundary: "env", retryable: false, message: "x" } as const;

/** "g000001.2~1" for each attempt that the plan still plays. */
async function resumed(stored: EpisodeSummary[], only?: "failed" | "unscored" | "missing"): Promise<string[]> {
  const groups = await collect(planResume(groupsOf(), stored, only));
  return groups.flatMap((group) =>
    attemptsOf(group).map(({ attempt, retry }) => `${group.groupId}.${attempt}${retry ? `~${retry}` : ""}`),
  );
}

describe("the plan of a run", () => {
  it("takes consecutive tasks, in groups, and shortens the last group", async () => {
    const groups = await collect(groupsOf());
    expect(groups.map(({ groupId, task, attempts }) => [groupId, task.id, attempts])).toEqual([
      ["g000000", "train/0", 3],
      ["g000001", "train/1", 3],
      ["g000002", "train/2", 1],
    ]);
  });

  it("is the same twice, and other with another seed", async () => {
    const seeds = async (seed: number) =>
      (await collect(groupsOf({ seed }))).flatMap((g) => attemptsOf(g).map((a) => a.seed));
    expect(await seeds(5)).toEqual(await seeds(5));
    expect(await seeds(6)).not.toEqual(await seeds(5));
    expect(new Set(await seeds(5)).size).toBe(7);
  });

  it("starts a finite list of tasks again at its end, and can go on where a part before it ended", async () => {
    const groups = await collect(groupsOf({ episodes: 4, groupSize: 1, firstGroup: 2 }));
    expect(groups.map(({ groupId, task }) => `${groupId} ${task.id}`)).toEqual([
      "g000002 train/2",
      "g000003 train/0",
      "g000004 train/1",
      "g000005 train/2",
    ]);
  });

  it("refuses a split without tasks", async () => {
    await expect(collect(groupsOf({ split: "test" }))).rejects.toMatchObject({ code: "ERR_NO_TASKS" });
  });
});

describe("the plan of a resumed run", () => {
  const stored = [
    tried("g000000", 0),
    tried("g000000", 1, { stopReason: null, score: null }),
    tried("g000000", 2, { stopReason: "cancelled", score: null }),
    tried("g000001", 0, { stopReason: "environment_error", error, score: null }),
    tried("g000001", 1, { score: null }),
    tried("g000001", 2, { score: 0 }),
  ];

  it("plays what never started, was interrupted or was cancelled, each under its next number", async () => {
    expect(await resumed(stored)).toEqual(["g000000.1~1", "g000000.2~1", "g000002.0"]);
    expect(await resumed(stored, "missing")).toEqual(await resumed(stored));
  });

  it("can play again what failed, or what is unscored, and never what scored low", async () => {
    expect(await resumed(stored, "failed")).toEqual(["g000001.0~1"]);
    expect(await resumed(stored, "unscored")).toEqual(["g000001.1~1"]);
  });

  it("goes by the last try of an attempt, in whatever order they come", async () => {
    const failed = tried("g000001", 0, { stopReason: "environment_error", error, score: null });
    const later = tried("g000001", 0, { retry: 1 });
    expect(await resumed([later, failed], "failed")).toEqual([]);
    expect(await resumed([{ ...failed, retry: 2 }, later], "failed")).toEqual(["g000001.0~3"]);
  });

  it("keeps the size of the whole group, and its attempts' seeds", async () => {
    const [whole] = await collect(groupsOf());
    const [rest] = await collect(planResume(groupsOf(), stored));
    expect(rest).toMatchObject({ groupId: "g000000", groupSize: 3 });
    expect(attemptsOf(rest!).map(({ seed }) => seed)).toEqual(
      attemptsOf(whole!)
        .slice(1)
        .map(({ seed }) => seed),
    );
  });
});

it("a stored run gives the plan that it was played by", async () => {
  const log = memoryLog();
  const actor = oracleActor();
  await runRollouts({ definition, actor, log, driver: null, groups: groupsOf(), parallel: 3 });
  const seeds = (groups: GroupPlan[]) =>
    groups
      .flatMap((group) => attemptsOf(group).map(({ attempt, seed }) => `${group.groupId}.${attempt} ${seed}`))
      .sort();
  expect(seeds(planFromLog(log))).toEqual(seeds(await collect(groupsOf())));
  expect(planFromLog(log)).toMatchObject([{ groupSize: 3, task: { id: "train/0" } }, {}, {}]);
});
