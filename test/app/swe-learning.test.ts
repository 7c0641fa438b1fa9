/**
 * From an endpoint's tokens to one update of the weights: episodes of a software repository, judged step by step, with a
 * turn in the middle that could not be parsed. Every reward must reach the tokens of its own turn.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chatAgent } from "../../src/agent/chat-agent.ts";
import { modelActor } from "../../src/agent/model-actor.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createRandom } from "../../src/core/random.ts";
import type { SampleGroup } from "../../src/core/sample.ts";
import { createJudge } from "../../src/judge/create-judge.ts";
import { environmentsById } from "../../src/judge/judged-environment.ts";
import { runJudgeLoop } from "../../src/judge/judge-loop.ts";
import { openaiPolicy } from "../../src/policy/openai-policy.ts";
import { groupAdvantages } from "../../src/rl/advantages/stepwise.ts";
import { loadBackend } from "../../src/rl/backend/load-backend.ts";
import type { PolicySequence } from "../../src/rl/model/contract.ts";
import type { LocalModel } from "../../src/rl/model/local-model.ts";
import { createTrainer } from "../../src/rl/model/trainer.ts";
import { parseTrainConfig } from "../../src/rl/train/config.ts";
import { runUpdateLoop } from "../../src/rl/train/update-loop.ts";
import type { UpdateReport } from "../../src/rl/train/update.ts";
import { planGroups } from "../../src/rollout/plan.ts";
import { runRollouts } from "../../src/rollout/scheduler.ts";
import { createSampleQueue, exportRun, openStore } from "../../src/store/index.ts";
import { tinyModel } from "../rl/model/tiny.ts";
import type { ReceivedRequest, Scripted } from "../support/openai-server/script.ts";
import { startOpenAiServer } from "../support/openai-server/server.ts";
import { tinyRepository } from "../support/tiny-repository.ts";

/** What the endpoint says, turn by turn, and the judge of it. `null`: no tool call, so nothing can be parsed. */
interface ScriptedTurn {
  readonly command: string | null;
  readonly vote: 1 | -1;
}
const attempts: readonly (readonly ScriptedTurn[])[] = [
  [
    { command: "look", vote: 1 },
    { command: "break", vote: -1 },
    { command: null, vote: -1 },
    { command: "fix", vote: 1 },
    { command: "submit", vote: 1 },
  ],
  [
    { command: "look", vote: -1 },
    { command: "test", vote: 1 },
    { command: "look", vote: 1 },
    { command: "submit", vote: -1 },
  ],
];
const malformed = 2;
/**
 * Worked out by hand. Returns, outcome plus vote: 2 0 0 2 2 and -1 1 1 -1. Each turn is compared with the other attempt's
 * turn of the same number; the last has none, and is compared with the other attempt's mean, 0, at a scale of 1.
 */
const advantages = [
  [1, -1, -1, 1, 2],
  [-1, 1, 1, -1],
];

const labelOf = (attempt: number, turn: number): string => `a${attempt}t${turn}`;
/** No two turns share a token: four for each, and three for what the world answered. */
const turnIds = (attempt: number, turn: number): number[] => [0, 1, 2, 3].map((i) => 10 + 24 * attempt + 4 * turn + i);
const answerIds = (attempt: number, turn: number): number[] => [0, 1, 2].map((i) => 60 + 15 * attempt + 3 * turn + i);
/** A prompt goes on from the turn before it, as a chat template's does. */
const promptIds = (attempt: number, turn: number): number[] =>
  turn === 0
    ? [3, 4, 5]
    : [...promptIds(attempt, turn - 1), ...turnIds(attempt, turn - 1), ...answerIds(attempt, turn - 1)];

/** Speaks the script; its tokens have the log-probabilities that the model gives them. */
function endpoint(model: LocalModel): (request: ReceivedRequest) => Promise<Scripted> {
  let attempt = -1;
  return async ({ body }) => {
    const turn = (body["messages"] as { role: string }[]).filter(({ role }) => role === "assistant").length;
    if (turn === 0) attempt++;
    const { command } = attempts[attempt]![turn]!;
    const label = labelOf(attempt, turn);
    const [promptTokenIds, tokenIds] = [promptIds(attempt, turn), turnIds(attempt, turn)];
    const [logprobs] = await model.score([{ calls: [{ promptTokenIds, tokenIds }] }]);
    const call =
      command === "submit"
        ? { name: "submit", args: {} }
        : { name: "bash", args: { command: `${command} # ${label}` } };
    return {
      kind: "completion",
      content: `${label}: I go on.`,
      ...(command === null
        ? {}
        : { toolCalls: [{ id: "call_0", name: call.name, arguments: JSON.stringify(call.args) }] }),
      promptTokenIds,
      tokens: tokenIds.map((id, i) => ({ id, text: "x", logprob: logprobs![i]! })),
    };
  };
}

/** Judges by what stands in the step to judge, whatever the order in which it is asked. */
function judgeServer({ body }: ReceivedRequest): Scripted {
  const [, user] = body["messages"] as { content: string }[];
  const [, judged = ""] = user!.content.split("THE STEP TO JUDGE");
  const [, attempt, turn] = /a(\d)t(\d)/.exec(judged)!;
  return { kind: "completion", content: `\\boxed{${attempts[Number(attempt)]![Number(turn)]!.vote}}` };
}

let directory: string;
let group: SampleGroup;
let report: UpdateReport;
const trained: PolicySequence[] = [];
/** [attempt][turn] mean change of a token's log-probability by the update. */
const changes: number[][] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-swe-learning-"));
  await loadBackend("wasm");
  const runDirectory = join(directory, "run");
  const model = tinyModel({ maxContext: 64, copyHead: false, tiedHead: false });
  const never = new AbortController().signal;
  await using log = await openStore(runDirectory, { mode: "create" });

  await using policyServer = await startOpenAiServer(endpoint(model));
  const policy = openaiPolicy({ baseUrl: policyServer.baseUrl, model: "m", environment: {} });
  await using actor = modelActor(chatAgent(tinyRepository), policy, { temperature: 1, maxTokens: 16 });
  const groups = planGroups({
    definition: tinyRepository,
    split: "train",
    episodes: 2,
    groupSize: 2,
    seed: 1,
    purpose: "train",
  });
  await runRollouts({ definition: tinyRepository, actor, log, driver: null, groups, parallel: 1 });

  await using voter = await startOpenAiServer(judgeServer);
  const random = createRandom(1);
  await using judge = await createJudge(`openai:${voter.baseUrl}#prm,votes=1`, { random, environment: {} });
  const loop = { log, judge, environmentOf: environmentsById([tinyRepository]), concurrency: 4, signal: never };
  await runJudgeLoop({ ...loop, deadlineMs: 10_000, pollMs: 2, clock: systemClock, isFinished: () => true });

  const queue = createSampleQueue(log, { judgeId: judge.id, judgeDeadlineMs: 30_000 });
  const config = parseTrainConfig({ loop: { updates: 1, groupsPerUpdate: 1 } });
  const trainer = createTrainer(model, { learningRate: 1e-3 });
  const calls = attempts.flatMap((turns, attempt) =>
    turns.map((_, turn) => ({ promptTokenIds: promptIds(attempt, turn), tokenIds: turnIds(attempt, turn) })),
  );
  const meansOf = async (): Promise<number[]> =>
    (await model.score(calls.map((call) => ({ calls: [call] })))).map(
      (logprobs) => logprobs.reduce((sum, one) => sum + one, 0) / logprobs.length,
    );
  const before = await meansOf();
  await runUpdateLoop({
    runDirectory,
    config,
    queue: {
      ...queue,
      async lease(options) {
        const lease = await queue.lease(options);
        group = lease!.groups[0]!;
        return lease;
      },
    },
    trainer: {
      model,
      get stepsTaken() {
        return trainer.stepsTaken;
      },
      step(batch) {
        if (batch.type === "policy") trained.push(...batch.sequences);
        return trainer.step(batch);
      },
      save: (path, version) => trainer.save(path, version),
      dispose: () => trainer.dispose(),
    },
    reference: null,
    version: 0,
    signal: never,
    onPublished: (_, published) => (report = published),
  });
  const after = await meansOf();
  const flat = after.map((mean, i) => mean - before[i]!);
  for (const turns of attempts) changes.push(flat.splice(0, turns.length));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("an update from judged episodes of a software repository", () => {
  it("has every turn's own tokens with its own vote, the malformed turn's too", () => {
    expect(group.refused).toEqual([]);
    expect(group.samples.map(({ outcome, steps }) => [outcome, steps.length])).toEqual([
      [1, 5],
      [0, 4],
    ]);
    for (const [attempt, { steps }] of group.samples.entries())
      expect(
        steps.map(({ index, promptTokenIds, tokenIds, reward }) => ({
          index,
          promptTokenIds,
          tokenIds,
          vote: reward.prm,
        })),
      ).toEqual(
        attempts[attempt]!.map(({ vote }, turn) => ({
          index: turn,
          promptTokenIds: promptIds(attempt, turn),
          tokenIds: turnIds(attempt, turn),
          vote,
        })),
      );
  });

  it("trains each turn's tokens by its own advantage, in one sequence an attempt", () => {
    const longestFirst = trained.toSorted((a, b) => b.calls.length - a.calls.length);
    expect(longestFirst.map(({ calls }) => calls.map(({ tokenIds }) => tokenIds))).toEqual(
      attempts.map((turns, attempt) => turns.map((_, turn) => turnIds(attempt, turn))),
    );
    for (const [attempt, { calls }] of longestFirst.entries())
      for (const [turn, call] of calls.entries())
        expect(call.advantage, labelOf(attempt, turn)).toBeCloseTo(advantages[attempt]![turn]!, 4);
  });

  it("starts from the distribution that was sampled: no ratio differs from 1 before the first step", () => {
    expect(report.metrics!.policy!.meanRatio).toBeCloseTo(1, 5);
    expect(report).toMatchObject({ groups: 1, calls: 9, unjudgedSteps: 0, refusedSamples: 0, dropped: [] });
    expect(report.metrics).toMatchObject({ lossTokens: 36, policy: { clipFraction: 0 } });
  });

  it("makes the tokens of good turns likelier and those of bad ones less likely", () => {
    for (const [attempt, row] of changes.entries())
      expect(row.map(Math.sign), `attempt ${attempt}`).toEqual(advantages[attempt]!.map(Math.sign));
  });

  it("would have reinforced the malformed turn, had votes been read by the number of the turn that ran", () => {
    const votes = attempts.map((turns) => turns.map(({ vote }) => vote));
    const shifted = votes[0]!.filter((_, turn) => turn !== malformed);
    const { advantages: theirs } = groupAdvantages([
      { outcome: 1, steps: votes[0]!.map((_, turn) => ({ prm: shifted[turn] ?? null })) },
      { outcome: 0, steps: votes[1]!.map((prm) => ({ prm })) },
    ]);
    expect(theirs[0]![malformed]).toBeGreaterThan(0);
    expect(advantages[0]![malformed]).toBeLessThan(0);
  });

  it("leaves the run's patches to be exported: one line for the instance, of its first attempt", async () => {
    const { written, gaps } = await exportRun(join(directory, "run"), { format: "swebench" });
    expect([written, gaps]).toEqual([1, []]);
  });
});
