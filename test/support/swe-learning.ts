/**
 * From an endpoint's tokens to one update of the weights: two attempts at one repository, judged step by step, the first
 * with a turn in the middle that cannot be parsed. Every reward must reach the tokens of its own turn.
 */
import { beforeAll, expect, it } from "vitest";
import { chatAgent } from "../../src/agent/chat-agent.ts";
import { modelActor } from "../../src/agent/model-actor.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { EnvironmentDefinition } from "../../src/core/env.ts";
import { createRandom } from "../../src/core/random.ts";
import type { SampleGroup } from "../../src/core/sample.ts";
import type { SandboxDriver } from "../../src/core/sandbox.ts";
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
import { createSampleQueue, openStore } from "../../src/store/index.ts";
import { tinyModel } from "../rl/model/tiny.ts";
import type { ReceivedRequest, Scripted } from "./openai-server/script.ts";
import { startOpenAiServer } from "./openai-server/server.ts";

/** The bash commands by which the repository is looked at, made worse, tested and fixed. */
export type Commands = Readonly<Record<"look" | "break" | "test" | "fix", string>>;

/** What the endpoint says, and the judge's vote. `null`: no tool call, so nothing can be parsed. */
interface ScriptedTurn {
  readonly does: keyof Commands | "submit" | null;
  readonly vote: 1 | -1;
}
const attempts: readonly (readonly ScriptedTurn[])[] = [
  [
    { does: "look", vote: 1 },
    { does: "break", vote: -1 },
    { does: null, vote: -1 },
    { does: "fix", vote: 1 },
    { does: "submit", vote: 1 },
  ],
  [
    { does: "look", vote: -1 },
    { does: "test", vote: 1 },
    { does: "look", vote: 1 },
    { does: "submit", vote: -1 },
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
function endpoint(model: LocalModel, commands: Commands): (request: ReceivedRequest) => Promise<Scripted> {
  let attempt = -1;
  const toolCallOf = (does: keyof Commands | "submit", label: string) =>
    does === "submit"
      ? { id: "call_0", name: "submit", arguments: "{}" }
      : { id: "call_0", name: "bash", arguments: JSON.stringify({ command: `${commands[does]} # ${label}` }) };
  return async ({ body }) => {
    const turn = (body["messages"] as { role: string }[]).filter(({ role }) => role === "assistant").length;
    if (turn === 0) attempt++;
    const { does } = attempts[attempt]![turn]!;
    const label = labelOf(attempt, turn);
    const [promptTokenIds, tokenIds] = [promptIds(attempt, turn), turnIds(attempt, turn)];
    const [logprobs] = await model.score([{ calls: [{ promptTokenIds, tokenIds }] }]);
    return {
      kind: "completion",
      content: `${label}: I go on.`,
      ...(does === null ? {} : { toolCalls: [toolCallOf(does, label)] }),
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

export interface LearningOptions {
  readonly definition: EnvironmentDefinition;
  readonly driver: SandboxDriver | null;
  readonly commands: Commands;
  /** Does not exist yet. */
  readonly runDirectory: string;
}

interface Learned {
  readonly group: SampleGroup;
  readonly report: UpdateReport;
  readonly trained: readonly PolicySequence[];
  /** [attempt][turn] change of the mean log-probability of its tokens by the update. */
  readonly changes: readonly (readonly number[])[];
}

async function learnOnce({ definition, driver, commands, runDirectory }: LearningOptions): Promise<Learned> {
  await loadBackend("wasm");
  const model = tinyModel({ maxContext: 64, copyHead: false, tiedHead: false });
  const { signal } = new AbortController();
  await using log = await openStore(runDirectory, { mode: "create" });

  await using policyServer = await startOpenAiServer(endpoint(model, commands));
  const policy = openaiPolicy({ baseUrl: policyServer.baseUrl, model: "m", environment: {} });
  await using actor = modelActor(chatAgent(definition), policy, { temperature: 1, maxTokens: 16 });
  const plan = { definition, split: "train", episodes: 2, groupSize: 2, seed: 1, purpose: "train" } as const;
  await runRollouts({ definition, actor, log, driver, groups: planGroups(plan), parallel: 1 });

  await using voter = await startOpenAiServer(judgeServer);
  const random = createRandom(1);
  await using judge = await createJudge(`openai:${voter.baseUrl}#prm,votes=1`, { random, environment: {} });
  const judging = { log, judge, environmentOf: environmentsById([definition]), concurrency: 4, signal };
  await runJudgeLoop({ ...judging, deadlineMs: 10_000, pollMs: 2, clock: systemClock, isFinished: () => true });

  const queue = createSampleQueue(log, { judgeId: judge.id, judgeDeadlineMs: 30_000 });
  const trainer = createTrainer(model, { learningRate: 1e-3 });
  const calls = attempts.flatMap((turns, attempt) =>
    turns.map((_, turn) => ({ promptTokenIds: promptIds(attempt, turn), tokenIds: turnIds(attempt, turn) })),
  );
  const meansOf = async (): Promise<number[]> =>
    (await model.score(calls.map((call) => ({ calls: [call] })))).map(
      (logprobs) => logprobs.reduce((sum, one) => sum + one, 0) / logprobs.length,
    );
  const before = await meansOf();
  const groups: SampleGroup[] = [];
  const reports: UpdateReport[] = [];
  const trained: PolicySequence[] = [];
  await runUpdateLoop({
    runDirectory,
    // Partial credit is an environment's own affair; the hand-worked returns are of 1 and 0.
    config: parseTrainConfig({ loop: { updates: 1, groupsPerUpdate: 1, outcome: "passed" } }),
    queue: {
      ...queue,
      async lease(options) {
        const lease = await queue.lease(options);
        groups.push(...(lease?.groups ?? []));
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
    signal,
    onPublished: (_, report) => reports.push(report),
  });
  const after = await meansOf();
  const flat = after.map((mean, i) => mean - before[i]!);
  const changes = attempts.map((turns) => flat.splice(0, turns.length));
  const longestFirst = trained.toSorted((a, b) => b.calls.length - a.calls.length);
  return { group: groups[0]!, report: reports[0]!, trained: longestFirst, changes };
}

/** The claims, of one environment of kind "swe". Its `fix` must make the task pass. */
export function learningSuite(setUp: () => Promise<LearningOptions>): void {
  let learned: Learned;
  beforeAll(async () => {
    learned = await learnOnce(await setUp());
  });

  it("has every turn's own tokens with its own vote, the malformed turn's too", () => {
    const { samples, refused } = learned.group;
    expect(refused).toEqual([]);
    expect(samples.map(({ passed, steps }) => [passed, steps.length])).toEqual([
      [true, 5],
      [false, 4],
    ]);
    const expected = attempts.map((turns, attempt) =>
      turns.map(({ vote }, index) => ({
        index,
        promptTokenIds: promptIds(attempt, index),
        tokenIds: turnIds(attempt, index),
        vote,
      })),
    );
    const found = samples.map(({ steps }) =>
      steps.map(({ index, promptTokenIds, tokenIds, reward }) => ({
        index,
        promptTokenIds,
        tokenIds,
        vote: reward.prm,
      })),
    );
    expect(found).toEqual(expected);
  });

  it("trains each turn's tokens by its own advantage, in one sequence an attempt", () => {
    expect(learned.trained.map(({ calls }) => calls.map(({ tokenIds }) => tokenIds))).toEqual(
      attempts.map((turns, attempt) => turns.map((_, turn) => turnIds(attempt, turn))),
    );
    for (const [attempt, { calls }] of learned.trained.entries())
      for (const [turn, call] of calls.entries())
        expect(call.advantage, labelOf(attempt, turn)).toBeCloseTo(advantages[attempt]![turn]!, 4);
  });

  it("starts from the distribution that was sampled: no ratio differs from 1 before the first step", () => {
    const { report } = learned;
    expect(report.metrics!.policy!.meanRatio).toBeCloseTo(1, 5);
    expect(report).toMatchObject({ groups: 1, calls: 9, unjudgedSteps: 0, refusedSamples: 0, dropped: [] });
    expect(report.metrics).toMatchObject({ lossTokens: 36, policy: { clipFraction: 0 } });
  });

  it("makes the tokens of good turns likelier and those of bad ones less likely", () => {
    for (const [attempt, row] of learned.changes.entries())
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
    expect(learned.trained[0]!.calls[malformed]!.advantage).toBeLessThan(0);
  });
}
