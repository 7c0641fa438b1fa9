/** A run as data: transitions, samples under leases, weights handed back. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRun } from "../../src/app/open-run.ts";
import { rollout } from "../../src/app/rollout.ts";
import { createSampleQueue, openStore, releaseLeases } from "../../src/store/index.ts";
import { fixture, Workplace } from "../cli/run-cli.ts";

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());
const out = join(place.path, "run");
beforeAll(async () => {
  await rollout({ env: fixture("colours.mjs"), policy: "noisy:0.5", episodes: 12, groupSize: 4, out });
});

describe("an open run", () => {
  test("gives each step as a transition, with the manifest beside", async () => {
    await using run = await openRun(out);
    const steps = [];
    for await (const step of run.transitions()) steps.push(step);
    expect(steps).toHaveLength(12);
    expect(steps[0]).toMatchObject({ env: "toy/colours@1", purpose: "rollout", actor: "noisy:0.5", terminated: true });
    expect(run.manifest()).toMatchObject({ config: { policy: "noisy:0.5", episodes: 12 } });
  });

  test("lends the groups of a rollout, and takes weights back with the acknowledgement", async () => {
    await using run = await openRun(out);
    const queue = run.sampleQueue();
    expect(queue.counts()).toEqual({ ready: 3, leased: 0, acknowledged: 0 });
    const lease = (await queue.lease({ consumer: "mine", maxGroups: 2 }))!;
    // A scripted actor has no tokens, and says so.
    expect(lease.groups[0]!.refused).toHaveLength(4);
    await queue.ack(lease.leaseId, { publish: { version: 1, path: "weights/1", manifest: { note: "mine" } } });
    await run.publish(2, "weights/2");
    expect([...run.events({ types: ["weights-published"] })].map(({ version, path }) => [version, path])).toEqual([
      [1, "weights/1"],
      [2, "weights/2"],
    ]);
    expect(queue.counts()).toEqual({ ready: 1, leased: 0, acknowledged: 2 });
  });

  test("is found missing by name", async () => {
    await expect(openRun(join(place.path, "nowhere"))).rejects.toMatchObject({ code: "ERR_RUN_NOT_FOUND" });
  });
});

test("a consumer that takes a dead one's place gets its leases back, and the dead one's late ack is refused", async () => {
  await rollout({ env: fixture("colours.mjs"), policy: "oracle", episodes: 3, out: join(place.path, "leased") });
  await using log = await openStore(join(place.path, "leased"), { mode: "attach" });
  const queue = createSampleQueue(log, { judgeId: null, judgeDeadlineMs: 0, purpose: "rollout" });
  const dead = (await queue.lease({ consumer: "trainer", maxGroups: 2 }))!;
  const other = (await queue.lease({ consumer: "analysis", maxGroups: 1 }))!;
  expect(await queue.lease({ consumer: "trainer", maxGroups: 3 })).toBeNull();
  expect(releaseLeases(log, "trainer")).toBe(1);
  const again = (await queue.lease({ consumer: "trainer", maxGroups: 3 }))!;
  expect(again.groups.map(({ groupId }) => groupId)).toEqual(dead.groups.map(({ groupId }) => groupId));
  await expect(queue.ack(dead.leaseId)).rejects.toMatchObject({ code: "ERR_LEASE_EXPIRED" });
  await queue.ack(again.leaseId);
  await queue.ack(other.leaseId);
});
