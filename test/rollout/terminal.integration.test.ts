/** The whole path: real shells in real sandboxes, rolled out in parallel into the real log. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noisyActor, oracleActor } from "../../src/agent/oracle-actor.ts";
import { replayActor } from "../../src/agent/replay-actor.ts";
import { replaySource } from "../../src/agent/replay-source.ts";
import type { Actor } from "../../src/core/agent.ts";
import type { EventLog } from "../../src/core/log.ts";
import terminal from "../../src/envs/terminal/index.ts";
import { planFromLog, planGroups } from "../../src/rollout/plan.ts";
import { runRollouts, type RolloutOptions } from "../../src/rollout/scheduler.ts";
import { summarizeLog } from "../../src/rollout/summary.ts";
import { driverFor } from "../../src/sandbox/driver-for.ts";
import { episodeSummaries, openStore } from "../../src/store/index.ts";

const kind = "bubblewrap";
await using probed = driverFor([terminal], kind);
const { available, reason, fix } = await probed!.probe();
if (!available) process.stderr.write(`terminal.integration: skipped, no ${kind} sandbox: ${reason}. ${fix}\n`);

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "afterstate-rollout-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function run(name: string, actor: Actor, groups: RolloutOptions["groups"], then: (log: EventLog) => unknown) {
  await using log = await openStore(join(root, name), { mode: "create" });
  await using driver = driverFor([terminal], kind);
  const summary = await runRollouts({ definition: terminal, actor, log, driver, groups, parallel: 4 });
  expect(summary.leaked).toEqual({ processes: 0, containers: 0, browsers: 0 });
  await then(log);
  return summary;
}

const plan = (episodes: number, groupSize = 1) =>
  planGroups({ definition: terminal, split: "train", episodes, groupSize, seed: 3, horizon: 2 });

describe.skipIf(!available)("rollouts of terminals", () => {
  it("complete, are scored, and leave a log that says the same", async () => {
    const summary = await run("oracle", oracleActor(), plan(12), (log) => {
      const rows = episodeSummaries(log);
      expect(rows).toHaveLength(12);
      expect(rows.every(({ status }) => status === "scored")).toBe(true);
      expect(rows.reduce((steps, row) => steps + row.steps, 0)).toBe(
        summarizeLog(log, { seconds: 1, cancelled: false, leaked: { processes: 0, containers: 0, browsers: 0 } })
          .transitions,
      );
    });
    expect(summary).toMatchObject({ episodes: 12, completed: 12, scored: 12, success: 1, errors: {} });
  });

  it("can be replayed: the same actions lead to the same scores", async () => {
    const scores = (log: EventLog) =>
      episodeSummaries(log)
        .map(({ episodeId, score }) => `${episodeId} ${score}`)
        .sort();
    let before: string[] = [];
    await run("noisy", noisyActor(0.4), plan(8, 2), (log) => {
      before = scores(log);
    });
    await using stored = await openStore(join(root, "noisy"), { mode: "read" });
    const replay = replayActor(await replaySource(stored));
    await run("again", replay, planFromLog(stored), (log) => expect(scores(log)).toEqual(before));
    expect(replay.report()).toMatchObject({ episodes: 8 });
    expect(new Set(before.map((line) => line.split(" ")[1])).size).toBeGreaterThan(1);
  });
});
