/** A policy step with teachers and with decoupled samples: against the golden losses of what `scoreSupport` gives. */
import { beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import type { PolicyCall, PolicySequence, Teaching, TrainerOptions } from "../../../src/rl/model/contract.ts";
import type { LocalModel } from "../../../src/rl/model/local-model.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { goldenDecoupled, goldenHybrid, goldenReverseKl, likeliest } from "../losses/distillation-golden.ts";
import { slopeErrors } from "./slope.ts";
import { ids, single, tinyModel, tokenizer } from "./tiny.ts";

beforeEach(async () => {
  await loadBackend("wasm");
});

const whole = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);

/** By call, then token: whole distributions, from a model as it is, one that is older, and one that knows more. */
type Distributions = readonly (readonly (readonly number[])[])[];
interface World {
  readonly calls: PolicyCall[];
  readonly now: Distributions;
  readonly old: Distributions;
  readonly teacher: Distributions;
}

async function world(): Promise<World> {
  const random = createRandom("teaching");
  const noise = (spread: number) => spread * (2 * random.next() - 1);
  const bare = [5, 17, 2, 9].map((length, i) => ({
    promptTokenIds: ids(`p${i}`, length),
    tokenIds: ids(`t${i}`, 3 + i),
    temperature: i === 1 ? 0.8 : 1,
    advantage: i % 2 === 0 ? 1 : -0.5,
  }));
  const supportIds = bare.map(({ tokenIds }) => tokenIds.map(() => whole));
  const [now, teacher] = await Promise.all(
    [tinyModel(), tinyModel({}, 2)].map(async (model) =>
      (await model.scoreSupport(bare.map(single), { supportIds })).map(({ support }) => support),
    ),
  );
  // A policy a few steps ago: near enough that most ratios are within the clip.
  const old = now!.map((rows) => rows.map((row) => normalised(row.map((logprob) => logprob + noise(0.35)))));
  const calls = bare.map((call, i) => ({
    ...call,
    logprobs: call.tokenIds.map((id, t) => old[i]![t]![id]! + noise(0.8)),
    proximalLogprobs: call.tokenIds.map((id, t) => old[i]![t]![id]!),
  }));
  return { calls, now: now!, old, teacher: teacher! };
}

function normalised(logits: readonly number[]): number[] {
  const norm = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.map((logit) => logit - norm);
}

const pick = (row: readonly number[], chosen: readonly number[]) => chosen.map((id) => row[id]!);

function teaching({ calls, old, teacher }: World, type: Teaching["type"], i: number): Teaching {
  const { tokenIds } = calls[i]!;
  if (type === "taken") return { type, logprobs: tokenIds.map((id, t) => teacher[i]![t]![id]!) };
  if (type === "top-k") {
    const chosen = teacher[i]!.map((row) => likeliest(row, 6));
    return { type, tokens: chosen.map((ids, t) => ({ ids, logprobs: pick(teacher[i]![t]!, ids) })) };
  }
  const chosen = old[i]!.map((row, t) => likeliest(row, t === 1 ? 0 : 4));
  const tokens = chosen.map((ids, t) => ({ ids, old: pick(old[i]![t]!, ids), teacher: pick(teacher[i]![t]!, ids) }));
  return { type, tokens };
}

/** Calls 0 and 1 on a support, 2 on top-K, 3 by the taken tokens alone; or one type for all but the last. */
function taught(world: World, type: Teaching["type"] | "mixed"): PolicyCall[] {
  const mixed = ["support", "support", "top-k", "taken"] as const;
  return world.calls.map((call, i) => {
    if (type === "mixed") return { ...call, teaching: teaching(world, mixed[i]!, i) };
    return i === 3 ? call : { ...call, teaching: teaching(world, type, i) };
  });
}

async function step(calls: readonly PolicyCall[], options: Partial<TrainerOptions> = {}) {
  const model = tinyModel();
  const trainer = createTrainer(model, { learningRate: 0, ...options });
  const metrics = await trainer.step({ type: "policy", sequences: calls.map(single) });
  trainer.dispose();
  model.dispose();
  return metrics;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean over calls of the mean over tokens of one value. */
const callMean = (calls: readonly PolicyCall[], value: (i: number, t: number) => number) =>
  mean(calls.map(({ tokenIds }, i) => mean(tokenIds.map((_, t) => value(i, t)))));

describe("a taught policy step", () => {
  it("on a support adds the golden hybrid loss, weighted, to that of the rewards", async () => {
    const w = await world();
    const calls = taught(w, "support");
    const rewards = await step(w.calls, { rewardWeight: 0.5 });
    const { loss, distillation } = await step(calls, { rewardWeight: 0.5, teacherWeight: 3 });
    const golden = callMean(calls, (i, t) => {
      const { teaching } = calls[i]!;
      if (teaching?.type !== "support") return 0;
      const token = { current: w.now[i]![t]!, old: w.old[i]![t]!, teacher: w.teacher[i]![t]! };
      return goldenHybrid({ ...token, support: teaching.tokens[t]!.ids }, 1, 0.2, 0.28);
    });
    expect(Math.abs(golden)).toBeGreaterThan(0.01);
    expect(loss - rewards.loss).toBeCloseTo(3 * golden, 4);
    // Token 1 of each of the three calls has no support.
    expect(distillation).toMatchObject({ tokens: 3 + 4 + 5 - 3, reverseKl: null });
    const gaps = calls.flatMap(({ teaching }) =>
      teaching?.type === "support"
        ? teaching.tokens.flatMap(({ old, teacher }) => old.map((o, v) => teacher[v]! - o))
        : [],
    );
    expect(distillation!.meanGap).toBeCloseTo(mean(gaps), 10);
    expect(distillation!.gapClipFraction).toBe(mean(gaps.map((gap) => Number(Math.abs(gap) > 1))));
    expect(distillation!.clipFraction).toBeGreaterThan(0);
  });

  it("on top-K adds the golden reverse KL of K ids and the tail", async () => {
    const w = await world();
    const calls = taught(w, "top-k");
    const { loss, distillation } = await step(calls, { rewardWeight: 0 });
    const divergence = (i: number, t: number) =>
      i === 3 ? 0 : goldenReverseKl(w.now[i]![t]!, w.teacher[i]![t]!, likeliest(w.teacher[i]![t]!, 6));
    expect(loss).toBeCloseTo(callMean(calls, divergence), 4);
    const each = [0, 1, 2].flatMap((i) => calls[i]!.tokenIds.map((_, t) => divergence(i, t)));
    expect(distillation).toMatchObject({ tokens: 12, meanGap: null, gapClipFraction: null, clipFraction: null });
    expect(distillation!.reverseKl).toBeCloseTo(mean(each), 4);
  });

  it("by taken tokens has the golden clipped loss of reward and gap together", async () => {
    const w = await world();
    const calls = taught(w, "taken");
    const weights = { rewardWeight: 0.7, teacherWeight: 1.3, clipHigh: 0.2 };
    const { loss, distillation } = await step(calls, weights);
    const golden = callMean(calls, (i, t) => {
      const { tokenIds, logprobs, advantage, teaching } = calls[i]!;
      const gap = teaching?.type === "taken" ? teaching.logprobs[t]! - logprobs[t]! : 0;
      const token = { behaviour: logprobs[t]!, proximal: logprobs[t]!, logprob: w.now[i]![t]![tokenIds[t]!]! };
      return goldenDecoupled([{ ...token, advantage: 0.7 * advantage + 1.3 * gap }], 0.2, 0.2, 2);
    });
    expect(loss).toBeCloseTo(golden, 4);
    expect(distillation!.tokens).toBe(12);
    expect(distillation!.gapClipFraction).toBeNull();
  });

  it("leaves a call without a teacher to its reward alone, and a batch without one as it was", async () => {
    const w = await world();
    const plain = await step(w.calls);
    expect(plain.distillation).toBeNull();
    const lone = await step(taught(w, "mixed").slice(0, 3), { teacherWeight: 0 });
    const alone = await step(w.calls.slice(0, 3));
    expect(lone.loss).toBeCloseTo(alone.loss, 6);
    expect(Math.abs(lone.gradientNorm / alone.gradientNorm - 1)).toBeLessThan(1e-5);
  });

  it("may mix every way of teaching, and does not depend on how the batch is cut or ordered", async () => {
    const calls = taught(await world(), "mixed");
    const wholeBatch = await step(calls, { microbatchTokens: 100_000 });
    const cut = await step([...calls].reverse(), { microbatchTokens: 20 });
    expect(cut.loss).toBeCloseTo(wholeBatch.loss, 5);
    expect(Math.abs(cut.gradientNorm / wholeBatch.gradientNorm - 1)).toBeLessThan(1e-4);
    expect(cut.distillation!.meanGap).toBeCloseTo(wholeBatch.distillation!.meanGap!, 10);
    expect(cut.distillation!.reverseKl).toBeCloseTo(wholeBatch.distillation!.reverseKl!, 5);
    expect(cut.distillation!.clipFraction).toBeCloseTo(wholeBatch.distillation!.clipFraction!, 10);
  });

  it("has one loss and one gradient norm on wasm and on the cpu backend", async () => {
    const calls = taught(await world(), "mixed");
    const wasm = await step(calls);
    await loadBackend("cpu");
    const cpu = await step(calls);
    expect(wasm.loss).toBeCloseTo(cpu.loss, 5);
    expect(Math.abs(wasm.gradientNorm / cpu.gradientNorm - 1)).toBeLessThan(1e-4);
  });

  it("its gradient is the slope of its loss: central differences along random directions", async () => {
    const sequences = taught(await world(), "mixed")
      .slice(0, 3)
      .map(single);
    // A clip so wide that no step of the measurement crosses its kinks: those have golden gradients of their own.
    const wide = { rewardWeight: 0, clipLow: 0.99, clipHigh: 99 };
    for (const error of await slopeErrors({ type: "policy", sequences }, wide, 5e-5)) expect(error).toBeLessThan(0.005);
  });

  it.each(["support", "top-k", "taken"] as const)("%s: steps bring the student nearer to its teacher", async (type) => {
    const w = await world();
    const calls = taught(w, type).slice(0, 3);
    const model = tinyModel();
    const trainer = createTrainer(model, { learningRate: 3e-3, rewardWeight: 0 });
    const divergence = async () => {
      const supportIds = calls.map(({ tokenIds }) => tokenIds.map(() => whole));
      const now = await model.scoreSupport(calls.map(single), { supportIds });
      // On the taken tokens alone where that is all the teacher spoke of, else on its whole distribution.
      return callMean(calls, (i, t) => {
        const id = calls[i]!.tokenIds[t]!;
        if (type === "taken") return Math.abs(now[i]!.support[t]![id]! - w.teacher[i]![t]![id]!);
        return goldenReverseKl(now[i]!.support[t]!, w.teacher[i]![t]!, whole);
      });
    };
    const before = await divergence();
    for (let i = 0; i < 3; i++) await trainer.step({ type: "policy", sequences: calls.map(single) });
    expect(await divergence()).toBeLessThan(before);
  });

  it("trains a branch as its calls apart", async () => {
    const w = await world();
    const [first, second] = taught(w, "mixed").slice(1);
    const joined: PolicySequence = { calls: [first!, second!] };
    const after = {
      ...second!,
      promptTokenIds: [...first!.promptTokenIds, ...first!.tokenIds, ...second!.promptTokenIds],
    };
    const model: LocalModel = tinyModel();
    const trainer = createTrainer(model, { learningRate: 0 });
    const together = await trainer.step({ type: "policy", sequences: [joined] });
    const apart = await trainer.step({ type: "policy", sequences: [first!, after].map(single) });
    expect(together.loss).toBeCloseTo(apart.loss, 5);
    expect(together.distillation!.reverseKl).toBeCloseTo(apart.distillation!.reverseKl!, 5);
    expect(together.distillation!.tokens).toBe(apart.distillation!.tokens);
  });

  it("leaks no tensors", async () => {
    const sequences = taught(await world(), "mixed").map(single);
    const trainer = createTrainer(tinyModel(), { learningRate: 1e-3 });
    await trainer.step({ type: "policy", sequences });
    const before = tf.memory().numTensors;
    await trainer.step({ type: "policy", sequences });
    expect(tf.memory().numTensors).toBe(before);
  });

  const [good, id] = [
    [-1, -2],
    [4, 5],
  ] as const;
  it.each<[string, Teaching]>([
    ["speaks of 1 tokens; the call has 3", { type: "taken", logprobs: [-1] }],
    ["not finite", { type: "taken", logprobs: [-1, Number.NaN, -1] }],
    ["above 0", { type: "taken", logprobs: [-1, 0.5, -1] }],
    ["names an id twice", { type: "top-k", tokens: [1, 2, 3].map(() => ({ ids: [4, 4], logprobs: good })) }],
    ["not in the vocabulary", { type: "top-k", tokens: [1, 2, 3].map(() => ({ ids: [4, -1], logprobs: good })) }],
    ["1 log-probabilities of a teacher", { type: "top-k", tokens: [1, 2, 3].map(() => ({ ids: id, logprobs: [-1] })) }],
    // What a failed teacher gives elsewhere: zeros.
    ["sum to 2", { type: "support", tokens: [1, 2, 3].map(() => ({ ids: id, old: good, teacher: [0, 0] })) }],
    [
      "1 log-probabilities of a student",
      { type: "support", tokens: [1, 2, 3].map(() => ({ ids: id, old: [-1], teacher: good })) },
    ],
  ])("refuses a teacher that cannot be: %s", async (message, teaching) => {
    const { calls } = await world();
    await expect(step([{ ...calls[0]!, teaching }])).rejects.toMatchObject({
      code: "ERR_BATCH_INVALID",
      message: expect.stringMatching(new RegExp(`^sequence 0: .*${message}`)),
    });
  });
});

describe("a decoupled policy step", () => {
  it("has the golden loss: the ratio against the proximal policy, the behaviour's weight cut at the cap", async () => {
    const { calls, now } = await world();
    const { loss, policy } = await step(calls, { importanceCap: 1.4 });
    const golden = callMean(calls, (i, t) => {
      const { tokenIds, logprobs, proximalLogprobs, advantage } = calls[i]!;
      const logprob = now[i]![t]![tokenIds[t]!]!;
      const token = { logprob, advantage, proximal: proximalLogprobs![t]!, behaviour: logprobs[t]! };
      return goldenDecoupled([token], 0.2, 0.28, 1.4);
    });
    expect(loss).toBeCloseTo(golden, 4);
    const weights = calls.flatMap(({ logprobs, proximalLogprobs }) =>
      logprobs.map((behaviour, t) => Math.exp(proximalLogprobs![t]! - behaviour)),
    );
    const cut = weights.filter((weight) => weight > 1.4).length;
    expect(cut).toBeGreaterThan(0);
    expect(policy!.truncatedFraction).toBeCloseTo(cut / weights.length, 12);
    expect(policy!.importanceWeight).toBeCloseTo(mean(weights.map((weight) => Math.min(weight, 1.4))), 12);
  });

  it("is the plain one where nothing is stale, and clips no sample for its age alone", async () => {
    const { calls, now } = await world();
    const current = calls.map((call, i) => call.tokenIds.map((id, t) => now[i]![t]![id]!));
    const fresh = calls.map((call, i) => ({ ...call, logprobs: current[i]!, proximalLogprobs: current[i]! }));
    const [plain, decoupled] = [await step(fresh), await step(fresh, { importanceCap: 2 })];
    expect(decoupled.loss).toBeCloseTo(plain.loss, 6);
    expect(decoupled.gradientNorm).toBeCloseTo(plain.gradientNorm, 5);
    expect(decoupled.policy).toMatchObject({ truncatedFraction: 0, clipFraction: 0 });
    const stale = calls.map((call, i) => ({
      ...call,
      logprobs: current[i]!.map((logprob) => logprob - 1),
      proximalLogprobs: current[i]!,
    }));
    expect((await step(stale)).policy!.clipFraction).toBeGreaterThan(0.4);
    expect((await step(stale, { importanceCap: 2 })).policy).toMatchObject({ truncatedFraction: 1, clipFraction: 0 });
  });

  it("refuses calls without proximal log-probabilities", async () => {
    const { calls } = await world();
    const { proximalLogprobs, ...bare } = calls[0]!;
    for (const call of [bare, { ...bare, proximalLogprobs: proximalLogprobs!.map(() => Number.NaN) }])
      await expect(step([call], { importanceCap: 2 })).rejects.toMatchObject({ code: "ERR_BATCH_INVALID" });
  });
});
