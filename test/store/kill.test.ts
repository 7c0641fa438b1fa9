import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { childEntry } from "../../src/core/child-entry.ts";
import { createRandom } from "../../src/core/random.ts";
import { createSampleQueue, latestCheckpoint, latestWeights, openStore } from "../../src/store/index.ts";
import { episodeEvents, startEvent, temporaryRoot } from "./support.ts";

const root = temporaryRoot();
const built = childEntry(new URL("../../src/store/index.js", import.meta.url));
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const start = (name: string, ...args: string[]) =>
  spawn(process.execPath, [fixture(name), built, ...args], { stdio: ["ignore", "pipe", "inherit"] });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Run it, kill it `delayMs` after its first output, and return the whole lines that it printed. */
async function killAfter(child: ReturnType<typeof start>, delayMs: number): Promise<string[]> {
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  await sleep(delayMs);
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  await sleep(1);
  return text.split("\n").slice(0, -1);
}

test("killed at 50 random moments, the log keeps every acknowledged event and goes on", async () => {
  const random = createRandom("kill");
  const dir = join(root, "killed");
  await (await openStore(dir, { mode: "create" })).close();
  const acknowledged = new Map<number, string>();
  let kills = 0;
  for (let round = 0; round < 50; round++) {
    // Every fifth round a second process appends to the same run, and is killed at another moment.
    const writers = [start("append-steps.mjs", dir, "resume", "4")];
    if (round % 5 === 0) writers.push(start("append-steps.mjs", dir, "attach", "2"));
    const outputs = await Promise.all(writers.map((writer) => killAfter(writer, random.integer(25))));
    for (const line of outputs.flat()) {
      const [seq, rest] = [Number.parseInt(line, 10), line.slice(line.indexOf(" ") + 1)];
      expect(acknowledged.has(seq), `event ${seq} was acknowledged twice`).toBe(false);
      acknowledged.set(seq, rest);
    }
    if (outputs.every((lines) => lines.length > 0)) kills++;

    await using log = await openStore(dir, { mode: "resume" });
    await log.append(startEvent({ groupId: `after-${round}`, attempt: 0 }));
  }
  expect(kills).toBe(50);

  await using log = await openStore(dir, { mode: "read" });
  const unfinished = new Map<string, number>();
  let seq = 0;
  for (const event of log.events()) {
    expect(event.seq).toBe(++seq);
    if (event.type !== "step" && event.type !== "next-state") continue;
    const line = `${event.episodeId} ${event.index} ${event.type}`;
    expect(acknowledged.get(seq) ?? line).toBe(line);
    acknowledged.delete(seq);
    // Per episode, a step and its next state alternate: only the last step may lack its next state.
    expect(unfinished.get(event.episodeId) ?? null).toBe(event.type === "step" ? null : event.index);
    if (event.type === "step") unfinished.set(event.episodeId, event.index);
    else {
      unfinished.delete(event.episodeId);
      if (event.index % 7 === 0) expect(await log.load(event.observation)).toMatchObject({ stepId: event.stepId });
    }
  }
  expect([...acknowledged.keys()]).toEqual([]);
  expect(seq).toBe(log.lastSeq());

  const copy = join(root, "rebuilt");
  cpSync(dir, copy, { recursive: true });
  rmSync(join(copy, "log", "data.mdb"));
  await using rebuilt = await openStore(copy, { mode: "resume" });
  const others = rebuilt.events()[Symbol.iterator]();
  for (const event of log.events()) expect(others.next().value).toEqual(event);
  expect(others.next().done).toBe(true);
}, 60_000);

test("two consumers killed at random moments train each group exactly once", async () => {
  const random = createRandom("consumers");
  const dir = join(root, "consumed");
  const groups = Array.from({ length: 400 }, (_, index) => `g${index}`);
  await using log = await openStore(dir, { mode: "create" });
  for (const groupId of groups)
    await log.appendAll([0, 1].flatMap((attempt) => episodeEvents({ groupId, attempt, groupSize: 2, steps: 1 })));
  const queue = createSampleQueue(log, { judgeId: null, judgeDeadlineMs: 0 });

  for (let round = 0; round < 10 && queue.counts().acknowledged < groups.length / 2; round++) {
    const consumers = ["a", "b"].map((name) => start("consume-samples.mjs", dir, name, "40"));
    await Promise.all(consumers.map((consumer) => killAfter(consumer, random.integer(40))));
  }
  const { acknowledged } = queue.counts();
  expect(acknowledged).toBeGreaterThan(0);
  expect(acknowledged).toBeLessThan(groups.length);
  const last = start("consume-samples.mjs", dir, "c", "40");
  expect(await once(last, "exit")).toEqual([0, null]);

  const acks = [...log.events({ types: ["sample-ack"] })];
  expect(acks.flatMap((ack) => ack.groupIds).sort()).toEqual([...groups].sort());
  expect(queue.counts()).toEqual({ ready: 0, leased: 0, acknowledged: groups.length });
  // Acknowledgement, checkpoint and weights are one commit: each ack is followed by its own weights.
  const after = [...log.events({ types: ["sample-ack", "weights-published"] })];
  for (let index = 0; index < after.length; index += 2) {
    const [ack, weights] = [after[index]!, after[index + 1]!];
    if (ack.type !== "sample-ack" || weights.type !== "weights-published") throw new Error("they do not alternate");
    expect(weights.seq).toBe(ack.seq + 1);
    expect(weights.path).toBe(`weights/${ack.leaseId}`);
    expect(weights.manifest["groups"]).toEqual(ack.groupIds);
  }
  expect(latestCheckpoint(log)?.checkpoint).toBe(`checkpoints/${acks.at(-1)!.leaseId}`);
  expect(latestWeights(log)).toEqual(after.at(-1));
}, 60_000);
