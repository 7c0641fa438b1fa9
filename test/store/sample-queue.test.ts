import { join } from "node:path";
import { array, assert, asyncProperty, integer, record } from "fast-check";
import { expect, test } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import { createSampleQueue, latestCheckpoint, latestWeights, openStore } from "../../src/store/index.ts";
import type { SampleQueueOptions } from "../../src/store/index.ts";
import { endEvent, episodeEvents, judgementEvent, startEvent, stepEvents, temporaryRoot } from "./support.ts";

const root = temporaryRoot();
let counter = 0;
const openLog = () => openStore(join(root, `run-${counter++}`), { mode: "create" });
const outcomes: SampleQueueOptions = { judgeId: null, judgeDeadlineMs: 0 };

/** A clock that stands `offsetMs` from the wall clock, which the log stamps its events with. */
function shiftedClock(): Clock & { offsetMs: number } {
  const clock = {
    offsetMs: 0,
    now: () => Date.now() + clock.offsetMs,
    monotonic: () => 0,
    sleep: () => Promise.resolve(),
  };
  return clock;
}

test("a group is ready only when each of its attempts has ended", async () => {
  await using log = await openLog();
  const queue = createSampleQueue(log, outcomes);
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0, groupSize: 2 }));
  expect(await queue.lease({ consumer: "t", maxGroups: 9 })).toBeNull();
  await log.append(startEvent({ groupId: "g0", attempt: 1, groupSize: 2 }));
  expect(queue.counts()).toEqual({ ready: 0, leased: 0, acknowledged: 0 });
  await log.append(endEvent("g0.1", 0));
  expect(queue.counts()).toEqual({ ready: 1, leased: 0, acknowledged: 0 });
  const lease = await queue.lease({ consumer: "t", maxGroups: 9 });
  expect(lease!.groups.map((group) => group.groupId)).toEqual(["g0"]);
  expect(lease!.groups[0]!.readySeq).toBe(log.lastSeq());
});

test("a sample holds the model calls with the rewards of the run's judge, and nobody else's", async () => {
  await using log = await openLog();
  const queue = createSampleQueue(log, { judgeId: "judge", judgeDeadlineMs: 60_000 });
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0, score: 0.5 }));
  await log.appendAll([
    judgementEvent("g0.0", 1, 1, "other"),
    judgementEvent("g0.0", 1, null),
    judgementEvent("g0.0", 0, -1),
    judgementEvent("g0.0", 0, 1),
  ]);
  const [group] = (await queue.lease({ consumer: "t", maxGroups: 1 }))!.groups;
  expect(group).toMatchObject({ groupId: "g0", refused: [] });
  const [sample] = group!.samples;
  expect(sample).toMatchObject({
    episodeId: "g0.0",
    family: "family-a",
    taskId: "train/g0",
    outcome: 0.5,
    passed: false,
  });
  expect(sample!.steps.map((step) => [step.index, step.callId, step.reward])).toEqual([
    [0, "g0.0/0#0", { env: 0, prm: -1 }],
    [1, "g0.0/1#0", { env: 0.1, prm: null }],
  ]);
  expect(sample!.steps[0]).toMatchObject({ promptTokenIds: [1, 2, 3], tokenIds: [4, 5], logprobs: [-0.5, -0.25] });
});

test("a group waits for its judge until the deadline, and no longer", async () => {
  await using log = await openLog();
  const clock = shiftedClock();
  const queue = createSampleQueue(log, { judgeId: "judge", judgeDeadlineMs: 60_000, clock });
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0 }));
  await log.append(judgementEvent("g0.0", 0, 1));
  clock.offsetMs = 50_000;
  expect(queue.counts().ready).toBe(0);
  clock.offsetMs = 70_000;
  const [group] = (await queue.lease({ consumer: "t", maxGroups: 1 }))!.groups;
  expect(group!.samples[0]!.steps.map((step) => step.reward.prm)).toEqual([1, null]);
});

test("a judgement past the deadline is logged, not trained, whoever looks and whenever", async () => {
  await using log = await openLog();
  const options = { judgeId: "judge", judgeDeadlineMs: -1000 };
  const early = createSampleQueue(log, options);
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0 }));
  const first = await early.lease({ consumer: "t", maxGroups: 1 });
  await early.nack(first!.leaseId);
  await log.append(judgementEvent("g0.0", 0, 1));
  for (const queue of [early, createSampleQueue(log, options)]) {
    const lease = await queue.lease({ consumer: "t", maxGroups: 1 });
    expect(lease!.groups).toEqual(first!.groups);
    await queue.nack(lease!.leaseId);
  }
});

test("the latest try of an attempt counts, and a retryable error waits for the next try", async () => {
  await using log = await openLog();
  const queue = createSampleQueue(log, { ...outcomes, maxRetries: 1 });
  const error = { code: "ERR_X", boundary: "sandbox", retryable: true, message: "gone" } as const;
  const failed = { stopReason: "environment_error", error } as const;
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0, score: null, end: failed }));
  expect(queue.counts().ready).toBe(0);
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0, retry: 1 }));
  const [group] = (await queue.lease({ consumer: "t", maxGroups: 1 }))!.groups;
  expect(group!.samples.map((sample) => sample.episodeId)).toEqual(["g0.0~1"]);
  await log.appendAll(episodeEvents({ groupId: "g1", attempt: 0, retry: 1, score: null, end: failed }));
  const [last] = (await queue.lease({ consumer: "t", maxGroups: 1 }))!.groups;
  expect(last).toMatchObject({ samples: [], refused: [{ episodeId: "g1.0~1", reason: "ERR_X: gone" }] });
  await log.appendAll(episodeEvents({ groupId: "g2", attempt: 0, end: { stopReason: "cancelled" } }));
  expect(queue.counts().ready).toBe(0);
});

test("attempts without exact tokens are refused with the reason", async () => {
  await using log = await openLog();
  const queue = createSampleQueue(log, outcomes);
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0, groupSize: 4, tokens: false }));
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 1, groupSize: 4, steps: 0 }));
  const [call, step, next] = stepEvents("g0.2", 0);
  await log.appendAll([
    startEvent({ groupId: "g0", attempt: 2, groupSize: 4 }),
    { ...call, call: { ...call.call, logprobs: [-1, -Infinity] } },
    step,
    next,
    endEvent("g0.2", 1),
  ]);
  await log.appendAll([
    startEvent({ groupId: "g0", attempt: 3, groupSize: 4 }),
    { ...step, episodeId: "g0.3", callIds: [] },
  ]);
  await log.appendAll([{ ...next, episodeId: "g0.3" }, endEvent("g0.3", 1)]);
  const [group] = (await queue.lease({ consumer: "t", maxGroups: 1 }))!.groups;
  expect(group!.samples).toEqual([]);
  expect(group!.refused.map((one) => one.reason)).toEqual([
    expect.stringContaining("no token ids"),
    "it has no steps",
    expect.stringContaining("no finite number"),
    expect.stringContaining("no model call"),
  ]);
});

test("episodes of another purpose are no samples", async () => {
  await using log = await openLog();
  await log.appendAll(episodeEvents({ groupId: "g0", attempt: 0, purpose: "eval-before" }));
  expect(createSampleQueue(log, outcomes).counts().ready).toBe(0);
  expect(createSampleQueue(log, { ...outcomes, purpose: "eval-before" }).counts().ready).toBe(1);
});

test("a lease that expired and was given to another consumer can no longer be acknowledged", async () => {
  await using log = await openLog();
  const clock = shiftedClock();
  const queue = createSampleQueue(log, { ...outcomes, clock });
  for (const groupId of ["g0", "g1"]) await log.appendAll(episodeEvents({ groupId, attempt: 0 }));
  const slow = await queue.lease({ consumer: "slow", maxGroups: 2, ttlMs: 1000 });
  expect(await queue.lease({ consumer: "fast", maxGroups: 2 })).toBeNull();
  clock.offsetMs = 2000;
  const fast = await queue.lease({ consumer: "fast", maxGroups: 1 });
  expect(fast!.groups.map((group) => group.groupId)).toEqual(["g0"]);
  await expect(queue.ack(slow!.leaseId)).rejects.toMatchObject({ code: "ERR_LEASE_EXPIRED" });
  expect(queue.counts()).toEqual({ ready: 1, leased: 1, acknowledged: 0 });
  await queue.ack(fast!.leaseId);
  await expect(queue.ack(fast!.leaseId)).rejects.toMatchObject({ code: "ERR_LEASE_EXPIRED" });
  expect(queue.counts()).toEqual({ ready: 1, leased: 0, acknowledged: 1 });
});

test("minGroups leases nothing until enough groups are free", async () => {
  await using log = await openLog();
  const queue = createSampleQueue(log, outcomes);
  for (const groupId of ["g0", "g1", "g2"]) await log.appendAll(episodeEvents({ groupId, attempt: 0 }));
  await queue.lease({ consumer: "a", maxGroups: 1 });
  expect(await queue.lease({ consumer: "b", maxGroups: 9, minGroups: 3 })).toBeNull();
  expect((await queue.lease({ consumer: "b", maxGroups: 9, minGroups: 2 }))!.groups).toHaveLength(2);
});

test("an acknowledgement carries checkpoint and weights, and survives a restart; what was leased comes again", async () => {
  const dir = join(root, "restart");
  const log = await openStore(dir, { mode: "create" });
  const queue = createSampleQueue(log, outcomes);
  for (const groupId of ["g0", "g1", "g2"]) await log.appendAll(episodeEvents({ groupId, attempt: 0 }));
  expect(latestCheckpoint(log)).toBeNull();
  expect(latestWeights(log)).toBeNull();
  const lease = await queue.lease({ consumer: "t", maxGroups: 2, ttlMs: 0 });
  const dropped = [{ groupId: "g1", reason: "stale" }];
  await expect(queue.ack(lease!.leaseId, { dropped: [{ groupId: "g2", reason: "stale" }] })).rejects.toMatchObject({
    code: "ERR_LEASE_GROUP",
  });
  const publish = { version: 4, path: "weights/4", manifest: { a: 1 } };
  await queue.ack(lease!.leaseId, { checkpoint: "checkpoints/4", dropped, publish });
  await queue.lease({ consumer: "t", maxGroups: 2, ttlMs: 0 });
  await log.close();

  await using again = await openStore(dir, { mode: "resume" });
  expect(latestCheckpoint(again)?.checkpoint).toBe("checkpoints/4");
  expect(latestCheckpoint(again)?.ack).toMatchObject({ consumer: "t", groupIds: ["g0"], dropped });
  expect(latestWeights(again)).toMatchObject(publish);
  const later = createSampleQueue(again, outcomes);
  expect(later.counts()).toEqual({ ready: 1, leased: 0, acknowledged: 2 });
  expect((await later.lease({ consumer: "t", maxGroups: 9 }))!.groups.map((group) => group.groupId)).toEqual(["g2"]);
});

test("whatever the order of leases, acks, nacks and expiries, no group is acknowledged twice and none is lost", async () => {
  const move = record({ kind: integer({ min: 0, max: 4 }), pick: integer({ min: 0, max: 9 }) });
  await assert(
    asyncProperty(array(move, { minLength: 5, maxLength: 40 }), async (moves) => {
      await using log = await openLog();
      const clock = shiftedClock();
      const queues = [1, 2].map(() => createSampleQueue(log, { ...outcomes, clock }));
      let groups = 0;
      const leases: string[] = [];
      for (const { kind, pick } of moves) {
        const queue = queues[pick % 2]!;
        const leaseId = leases[pick % Math.max(1, leases.length)];
        if (kind === 0) await log.appendAll(episodeEvents({ groupId: `g${groups++}`, attempt: 0, steps: 1 }));
        else if (kind === 1) {
          const lease = await queue.lease({ consumer: "t", maxGroups: 1 + (pick % 3), ttlMs: 1000 });
          if (lease) leases.push(lease.leaseId);
        } else if (kind === 2 && leaseId) await queue.ack(leaseId).catch(() => undefined);
        else if (kind === 3 && leaseId) await queue.nack(leaseId);
        else clock.offsetMs += pick * 200;
      }
      const acknowledged = [...log.events({ types: ["sample-ack"] })].flatMap((ack) => ack.groupIds);
      expect(new Set(acknowledged).size).toBe(acknowledged.length);
      for (const queue of queues) {
        const counts = queue.counts();
        expect(counts.acknowledged).toBe(acknowledged.length);
        expect(counts.ready + counts.leased + counts.acknowledged).toBe(groups);
      }
    }),
    { numRuns: 20, seed: 2 },
  );
});
