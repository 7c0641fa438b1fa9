import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sample, SampleGroup, SampleQueue } from "../../../src/core/sample.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { parseTrainConfig } from "../../../src/rl/train/config.ts";
import type { UpdateReport } from "../../../src/rl/train/update.ts";
import { runUpdateLoop } from "../../../src/rl/train/update-loop.ts";
import { ids, single, tinyModel } from "../model/tiny.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-update-loop-"));
  await loadBackend("wasm");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const call = (attempt: number) => ({ promptTokenIds: ids(`p${attempt}`, 6), tokenIds: ids(`t${attempt}`, 4) });

/** Sampled by a policy under which each token was this much less likely than it is now, nats. */
function sample(attempt: number, logprobs: readonly number[], drift: number): Sample {
  return {
    episodeId: `g.${attempt}`,
    attempt,
    taskId: "t",
    family: "f",
    env: "e",
    outcome: attempt,
    passed: attempt === 1,
    privilegedReward: false,
    steps: [
      {
        stepId: `g.${attempt}/0`,
        index: 0,
        callId: "c",
        ...call(attempt),
        logprobs: logprobs.map((logprob) => logprob - drift),
        versionSpans: [{ version: 0, from: 0, to: 4 }],
        sampling: { temperature: 1, maxTokens: 8 },
        reward: { env: 0, prm: null },
      },
    ],
  };
}

/** One update of one group of two attempts; its report. */
async function update(importanceCap: number | null, drift: number, weight?: number): Promise<UpdateReport> {
  const model = tinyModel();
  const logprobs = await model.score([call(0), call(1)].map(single));
  if (weight !== undefined) {
    const weights = await model.exportWeights();
    weights["norm"]!.data[0] = weight;
    await model.importWeights(weights, 0);
  }
  const samples = [0, 1].map((attempt) => sample(attempt, logprobs[attempt]!, drift));
  const queue: SampleQueue = {
    lease: async () => ({ leaseId: "l", groups: [{ groupId: "g", readySeq: 1, samples, refused: [] }], expiresAt: 0 }),
    ack: async () => undefined,
    nack: async () => undefined,
    counts: () => ({ ready: 0, leased: 1, acknowledged: 0 }),
  };
  const config = parseTrainConfig({ loop: { updates: 1, groupsPerUpdate: 1, importanceCap } });
  const reports: UpdateReport[] = [];
  await runUpdateLoop({
    runDirectory: await mkdtemp(join(directory, "run-")),
    config,
    queue,
    trainer: createTrainer(model, { learningRate: 1e-3, importanceCap }),
    reference: null,
    version: 0,
    signal: new AbortController().signal,
    onPublished: (_, report) => reports.push(report),
  });
  return reports[0]!;
}

describe("the update loop", () => {
  it("by default takes ratios against what was recorded: a drifted sample is clipped", async () => {
    const { metrics } = await update(null, 1);
    expect(metrics!.policy!.meanRatio).toBeCloseTo(Math.E, 4);
    // Of two attempts the one with a positive advantage; the other's ratio is on the side that still has a gradient.
    expect(metrics!.policy).toMatchObject({ clipFraction: 0.5, importanceWeight: null, truncatedFraction: null });
  });

  it("with importanceCap takes them against the policy before the update, and weighs what has drifted", async () => {
    const { metrics } = await update(2, 0.5);
    expect(metrics!.policy!.meanRatio).toBeCloseTo(1, 4);
    expect(metrics!.policy!.importanceWeight).toBeCloseTo(Math.exp(0.5), 4);
    expect(metrics!.policy).toMatchObject({ clipFraction: 0, truncatedFraction: 0 });
    expect((await update(2, 1)).metrics!.policy).toMatchObject({ importanceWeight: 2, truncatedFraction: 1 });
  });

  it("stops at a loss that is not a number, and says in which update, of which groups, and where its weights are", async () => {
    await expect(update(null, 0, Number.NaN)).rejects.toMatchObject({
      code: "ERR_GRADIENT_NOT_FINITE",
      message: expect.stringMatching(
        /^update 1: the loss is NaN with sequences \d.*weights\/000000 holds the start, which gave it; its groups were g$/,
      ),
    });
  });

  it("ends a run of which nothing can be trained, and says why nothing was", async () => {
    const model = tinyModel();
    const group: SampleGroup = { groupId: "g", readySeq: 1, samples: [], refused: [] };
    const queue: SampleQueue = {
      lease: async () => ({ leaseId: "l", groups: [group, { ...group, groupId: "h" }], expiresAt: 0 }),
      ack: async () => undefined,
      nack: async () => undefined,
      counts: () => ({ ready: 0, leased: 2, acknowledged: 0 }),
    };
    const published: string[] = [];
    const running = runUpdateLoop({
      runDirectory: await mkdtemp(join(directory, "run-")),
      config: parseTrainConfig({ loop: { updates: 9, groupsPerUpdate: 2 } }),
      queue,
      trainer: createTrainer(model, { learningRate: 1e-3 }),
      reference: null,
      version: 0,
      signal: new AbortController().signal,
      onPublished: (path) => published.push(path),
    });
    await expect(running).rejects.toMatchObject({
      code: "ERR_NOTHING_TO_TRAIN",
      message: expect.stringMatching(/^none of the last 6 groups could be trained \(6 refused\)/),
    });
    expect(published).toHaveLength(2);
  });
});
