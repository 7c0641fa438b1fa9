import { describe, expect, test } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import type { Sample, SampleGroup } from "../../../src/core/sample.ts";
import type { PolicySequence } from "../../../src/rl/model/contract.ts";
import { parseTrainConfig } from "../../../src/rl/train/config.ts";
import { assembleUpdate } from "../../../src/rl/train/update.ts";

const { loop } = parseTrainConfig({ loop: { maxStaleness: 2 } });

function sample(attempt: number, outcome: number, options: { version?: number; prm?: (number | null)[] } = {}): Sample {
  const { version = 5, prm = [null] } = options;
  return {
    episodeId: `g.${attempt}`,
    attempt,
    taskId: "t",
    family: "f",
    env: "e",
    outcome,
    passed: outcome === 1,
    privilegedReward: false,
    steps: prm.map((score, index) => ({
      stepId: `g.${attempt}/${index}`,
      index,
      callId: "c",
      promptTokenIds: [1, 2],
      tokenIds: [3, 4, attempt],
      logprobs: [-1, -1, -1],
      versionSpans: [{ version, from: 0, to: 3 }],
      sampling: { temperature: 1, maxTokens: 8 },
      reward: { env: 0, prm: score },
    })),
  };
}

const callsOf = (sequences: readonly PolicySequence[]) => sequences.flatMap(({ calls }) => calls);

const group = (samples: Sample[], groupId = "g"): SampleGroup => ({ groupId, readySeq: 1, samples, refused: [] });

describe("one update", () => {
  test("gives each step its advantage within the group's step bucket", () => {
    const samples = [sample(0, 1, { prm: [1, -1] }), sample(1, 0, { prm: [-1, 1] })];
    const { sequences } = assembleUpdate([group(samples)], 5, loop, null);
    // Step 0: returns 2 and -1; step 1: 0 and 1. Means 0.5 and 0.5, deviations 1.5 and 0.5: +-1 each.
    expect(callsOf(sequences).map(({ advantage }) => Math.round(advantage))).toEqual([1, -1, -1, 1]);
  });

  test("counts a fraction of the task, or only a pass, as the outcome", () => {
    const halves = [0.5, 1, 0.5, 0].map((score, attempt) => sample(attempt, score));
    const signs = (outcome: "score" | "passed") =>
      callsOf(assembleUpdate([group(halves)], 5, { ...loop, outcome }, null).sequences).map(({ advantage }) =>
        Math.sign(advantage),
      );
    expect(signs("score")).toEqual([1, -1]);
    expect(signs("passed")).toEqual([-1, 1, -1, -1]);
  });

  test("spends no pass on attempts that all came out alike, and counts their bucket", () => {
    const { sequences, report } = assembleUpdate([group([sample(0, 1), sample(1, 1)])], 5, loop, null);
    expect(sequences).toEqual([]);
    expect(report).toMatchObject({ idleCalls: 2, constantBuckets: 1, buckets: 1, passed: 1 });
  });

  test("drops samples older than the staleness bound, and a group that is left with one", () => {
    const stale = { version: 2 };
    const mixed = [sample(0, 1), sample(1, 0), sample(2, 0, stale)];
    const lonely = [sample(0, 1), sample(1, 0, stale)];
    const { sequences, report } = assembleUpdate([group(mixed, "mixed"), group(lonely, "lonely")], 5, loop, null);
    expect(sequences).toHaveLength(2);
    expect(report.dropped).toEqual([{ groupId: "lonely", reason: "stale" }]);
    expect(report.staleness).toEqual([0, 0]);
  });

  test("counts staleness from the oldest weights that sampled a part of the episode", () => {
    const samples = [sample(0, 1, { version: 3 }), sample(1, 0, { version: 4 })];
    expect(assembleUpdate([group(samples)], 5, loop, null).report.staleness).toEqual([2, 1]);
  });

  test("under the shuffled control keeps the rewards of a group and loses whose they are", () => {
    const samples = Array.from({ length: 6 }, (_, attempt) => sample(attempt, attempt < 3 ? 1 : 0));
    const signs = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const { sequences } = assembleUpdate([group(samples)], 5, loop, createRandom(seed));
      const positive = callsOf(sequences).filter(({ advantage }) => advantage > 0);
      expect(positive).toHaveLength(3);
      signs.add(positive.map(({ tokenIds }) => tokenIds[2]).join());
    }
    expect(signs.size).toBeGreaterThan(5);
  });
});

describe("the training config", () => {
  test("names an unknown key with its path", () => {
    expect(() => parseTrainConfig({ loop: { upates: 3 } })).toThrow('unknown key "loop.upates"');
  });
  test("names a key of the wrong kind", () => {
    expect(() => parseTrainConfig({ model: { layers: "two" } })).toThrow(/model\.layers: .*number/);
  });
});
