/** A whole training run on a toy, through the command line: what it reports, and what a kill in the middle costs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRun } from "../../src/app/open-run.ts";
import { trainConsumer } from "../../src/rl/train/paths.ts";
import { fixture, Workplace } from "./run-cli.ts";

const updates = 6;
const groupsPerUpdate = 4;
const config = {
  seed: 1,
  parallel: 8,
  model: { dModel: 32, layers: 1, heads: 2, ffn: 64, maxContext: 64 },
  start: { tokens: 6_000, learningRate: 0.005, noiseRate: 0.4, episodesPerStep: 16, vocabularyTasks: 200 },
  loop: { updates, groupsPerUpdate, attempts: 4, maxTokens: 8, learningRate: 0.003, checkpointEvery: 2 },
  evaluation: { tasks: 16, devTasks: 4, devEvery: 3 },
};

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());
beforeAll(() => void place.file("toy.json", JSON.stringify(config)));

const start = (out: string, ...rest: string[]) =>
  place.start(["train", "--json", "--env", fixture("colours.mjs"), "--config", "toy.json", "--out", out, ...rest]);

interface Consumed {
  readonly acked: readonly string[];
  readonly complete: readonly string[];
  readonly published: readonly number[];
}

/** Groups that were acknowledged, groups of which every attempt ended, and weight versions, as the log has them. */
async function consumed(out: string): Promise<Consumed> {
  await using run = await openRun(join(place.path, out));
  const acked = [...run.events({ types: ["sample-ack"] })].flatMap(({ groupIds, dropped }) => [
    ...groupIds,
    ...dropped.map(({ groupId }) => groupId),
  ]);
  const published = [...run.events({ types: ["weights-published"] })].map(({ version }) => version);
  const attempts = new Map<string, Set<number>>();
  const attemptOf = new Map<string, { groupId: string; attempt: number }>();
  for (const { episodeId, groupId, attempt, purpose } of run.events({ types: ["episode-start"] }))
    if (purpose === "train") attemptOf.set(episodeId, { groupId, attempt });
  for (const { episodeId, stopReason } of run.events({ types: ["episode-end"] })) {
    const found = attemptOf.get(episodeId);
    if (!found || stopReason === "cancelled") continue;
    attempts.set(found.groupId, (attempts.get(found.groupId) ?? new Set()).add(found.attempt));
  }
  const complete = [...attempts].filter(([, ended]) => ended.size === config.loop.attempts).map(([id]) => id);
  return { acked, complete, published };
}

/** No group twice, and none lost: what was complete is acknowledged, or can still be leased. */
async function expectExactlyOnce(out: string): Promise<void> {
  const { acked, complete, published } = await consumed(out);
  expect(acked).toHaveLength(updates * groupsPerUpdate);
  expect(new Set(acked).size).toBe(acked.length);
  expect(published).toEqual(Array.from({ length: updates + 1 }, (_, version) => version));
  await using run = await openRun(join(place.path, out));
  const lease = await run.sampleQueue({ judgeDeadlineMs: 0 }).lease({ consumer: "test", maxGroups: 1_000 });
  const left = lease?.groups.map(({ groupId }) => groupId) ?? [];
  expect([...acked, ...left].toSorted()).toEqual([...complete].toSorted());
}

describe("a training run", { timeout: 120_000 }, () => {
  test("reports held-out success before and after, its updates, lag and serving, and uses each sample once", async () => {
    const result = await start("whole").ended;
    expect(result.stderr).not.toMatch(/error/i);
    expect(result.code).toBe(0);
    const measured = { success: expect.any(Number), n: 16, ci95: [expect.any(Number), expect.any(Number)] };
    const document = result.json();
    expect(document).toMatchObject({
      before: measured,
      after: measured,
      updates,
      seconds: expect.any(Number),
      backend: expect.stringMatching(/^(torch|wasm|cpu)$/),
      staleness: { p50: expect.any(Number), max: expect.any(Number) },
      serving: { requests: expect.any(Number), failed: 0, p99AddedMs: expect.any(Number) },
      judge: "subgoal",
      label: "oracle-reward",
      imitation: { tokens: expect.any(Number) },
      out: "whole",
    });
    expect(document["imitation"].tokens).toBeGreaterThanOrEqual(config.start.tokens);
    expect(document["staleness"].max).toBeLessThanOrEqual(4);
    expect(document["serving"].requests).toBeGreaterThanOrEqual(4 * 16 + updates * groupsPerUpdate * 4);
    expect(readFileSync(join(place.path, "whole/learning-curve.svg"), "utf8")).toMatch(/^<svg/);
    await expectExactlyOnce("whole");
    expect(await purposesWithSubgoals("whole"), "nobody looks where nobody judges").toEqual(["train"]);
    const judged = await place.run("judge", "whole", "--judge", "subgoal", "--json");
    expect(judged.json(), "what it trained on, and nothing else").toMatchObject({
      judged: expect.any(Number),
      failed: 0,
      agreement: { withSubgoals: 1 },
    });
    expect(judged.json()["judged"]).toBeGreaterThanOrEqual(updates * groupsPerUpdate * 4);
  });

  test("killed between updates goes on from the last committed one, and reports the run as a whole", async () => {
    const killed = start("killed");
    await expect.poll(() => publishedOf("killed"), { timeout: 60_000, interval: 20 }).toContain(1);
    await leaveLease("killed");
    killed.child.kill("SIGKILL");
    await killed.ended;
    const before = await publishedOf("killed");
    expect(before.length).toBeLessThan(updates + 1);
    const resumed = await place.run("train", "--resume", "killed", "--json");
    expect(resumed.stderr).not.toMatch(/error/i);
    expect(resumed.json()).toMatchObject({
      updates,
      before: { n: 16 },
      after: { n: 16 },
      serving: { failed: 0 },
      imitation: { tokens: expect.any(Number) },
    });
    await expectExactlyOnce("killed");
  });

  test("that is interrupted ends cleanly, and goes on when told to", async () => {
    const interrupted = start("interrupted");
    await interrupted.saw(/6 updates/);
    interrupted.interrupt();
    const { code, stderr, stdout } = await interrupted.ended;
    expect(stderr).not.toMatch(/error/i);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/go on with: afterstate train --resume interrupted\ninterrupted\n$/);
    const resumed = await place.run("train", "--resume", "interrupted", "--json");
    expect(resumed.json()).toMatchObject({ updates });
    await expectExactlyOnce("interrupted");
  });
});

/** What a training process that is killed in an update leaves: a group under a lease that nobody will acknowledge. */
async function leaveLease(out: string): Promise<void> {
  await using run = await openRun(join(place.path, out));
  const queue = run.sampleQueue();
  const lease = () => queue.lease({ consumer: trainConsumer, maxGroups: 1 });
  await expect.poll(lease, { timeout: 30_000, interval: 2 }).not.toBeNull();
}

async function purposesWithSubgoals(out: string): Promise<readonly string[]> {
  await using run = await openRun(join(place.path, out));
  const purposeOf = new Map<string, string>();
  const found = new Set<string>();
  for (const event of run.events({ types: ["episode-start", "next-state"] }))
    if (event.type === "episode-start") purposeOf.set(event.episodeId, event.purpose);
    else if (event.subgoals) found.add(purposeOf.get(event.episodeId)!);
  return [...found];
}

async function publishedOf(out: string): Promise<readonly number[]> {
  return consumed(out).then(
    ({ published }) => published,
    () => [],
  );
}
