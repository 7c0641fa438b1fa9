/** From leased groups to one policy update: what is dropped, the advantages, and a report of what was seen. */
import type { Random } from "../../core/random.ts";
import type { Sample, SampleGroup, SampleStep } from "../../core/sample.ts";
import { groupAdvantages, type AttemptRewards } from "../advantages/stepwise.ts";
import { repetitionRate } from "../collapse.ts";
import type { PolicyCall, PolicySequence, StepMetrics } from "../model/contract.ts";
import { joinCalls, keepCalls } from "./branches.ts";
import type { TrainConfig } from "./config.ts";

/** One update as it is logged, printed and drawn. */
export interface UpdateReport {
  /** Weight version that it made. */
  readonly version: number;
  readonly groups: number;
  /** Branches that are trained, and the model calls in them. */
  readonly sequences: number;
  readonly calls: number;
  /** Demonstrations used instead, in the control that imitates; else 0. */
  readonly demonstrations: number;
  /** Calls without advantage, which need no pass. */
  readonly idleCalls: number;
  readonly dropped: readonly { readonly groupId: string; readonly reason: string }[];
  readonly refusedSamples: number;
  readonly constantBuckets: number;
  readonly buckets: number;
  readonly unjudgedSteps: number;
  /** Weight versions that each trained sample lagged behind. */
  readonly staleness: readonly number[];
  /** Means over samples: outcome score, share passed; and over steps: the judge's score. */
  readonly outcome: number;
  readonly passed: number;
  readonly judgeScore: number | null;
  readonly completionTokens: number;
  readonly repetition: number;
  /** All tokens that went through the model. */
  readonly tokens: number;
  /** Of the update's last optimiser step; null when nothing had an advantage. */
  readonly metrics: StepMetrics | null;
  readonly seconds: number;
}

export interface AssembledUpdate {
  readonly sequences: readonly PolicySequence[];
  readonly report: Omit<UpdateReport, "version" | "tokens" | "metrics" | "seconds">;
}

type LoopConfig = TrainConfig["loop"];

/**
 * @param version of the weights to be updated.
 * @param shuffle the control that permutes rewards within each group; null: rewards as they are.
 */
export function assembleUpdate(
  groups: readonly SampleGroup[],
  version: number,
  loop: LoopConfig,
  shuffle: Random | null,
): AssembledUpdate {
  const dropped: { groupId: string; reason: string }[] = [];
  const sequences: PolicySequence[] = [];
  const trained: { sample: Sample; steps: readonly SampleStep[] }[] = [];
  let refused = 0;
  const rewards = (sample: Sample): AttemptRewards => rewardsOf(sample, loop.outcome);
  const hasUse = ({ advantage }: SampledCall): boolean =>
    advantage !== null && (advantage !== 0 || loop.klCoefficient > 0);
  const counts = { buckets: 0, constantBuckets: 0, unjudgedSteps: 0, idle: 0 };

  for (const { groupId, samples } of groups) {
    const usable = samples.filter((sample) => sample.steps.every(isTrainable));
    refused += samples.length - usable.length;
    const fresh = usable.filter((sample) => stalenessOf(sample, version) <= loop.maxStaleness);
    // A group of one has nothing to compare with.
    if (fresh.length < 2) {
      dropped.push({ groupId, reason: usable.length < 2 ? "refused" : "stale" });
      continue;
    }
    const rewardsInOrder = shuffle ? shuffle.shuffle(fresh.map(rewards)) : fresh.map(rewards);
    const { advantages, counts: found } = groupAdvantages(rewardsInOrder, {
      outcomeWeight: loop.outcomeWeight,
      prmWeight: loop.judgeWeight,
      normalise: loop.normalise,
    });
    counts.buckets += found.buckets;
    counts.constantBuckets += found.constantBuckets;
    counts.unjudgedSteps += found.unjudgedSteps;
    for (const [attempt, sample] of fresh.entries()) {
      trained.push({ sample, steps: sample.steps });
      const calls = sample.steps.map((step, t) => toCall(step, advantages[attempt]?.[t] ?? null));
      counts.idle += calls.filter((call) => !hasUse(call)).length;
      for (const branch of joinCalls(calls)) {
        const useful = keepCalls(branch, hasUse);
        if (useful.calls.length > 0) sequences.push(useful as PolicySequence);
      }
    }
  }

  const samples = trained.map(({ sample }) => sample);
  const steps = samples.flatMap((sample) => sample.steps);
  const judged = steps.flatMap(({ reward }) => (reward.prm === null ? [] : [reward.prm]));
  return {
    sequences,
    report: {
      groups: groups.length,
      sequences: sequences.length,
      calls: sequences.reduce((sum, { calls }) => sum + calls.length, 0),
      demonstrations: 0,
      idleCalls: counts.idle,
      dropped,
      refusedSamples: groups.reduce((sum, group) => sum + group.refused.length, refused),
      constantBuckets: counts.constantBuckets,
      buckets: counts.buckets,
      unjudgedSteps: counts.unjudgedSteps,
      staleness: samples.map((sample) => stalenessOf(sample, version)),
      outcome: meanOf(samples.map(({ outcome }) => outcome ?? 0)),
      passed: meanOf(samples.map(({ passed }) => (passed ? 1 : 0))),
      judgeScore: judged.length > 0 ? meanOf(judged) : null,
      completionTokens: meanOf(steps.map(({ tokenIds }) => tokenIds.length)),
      repetition: meanOf(steps.map(({ tokenIds }) => repetitionRate(tokenIds))),
    },
  };
}

/** The trainer cannot reapply top-k or top-p, and greedy choices have no distribution to learn from. */
function isTrainable({ sampling: { temperature, topK, topP } }: SampleStep): boolean {
  return temperature > 0 && topK === undefined && topP === undefined;
}

/** Versions between the oldest weights that sampled a part of it and those that are trained. */
function stalenessOf({ steps }: Sample, version: number): number {
  const versions = steps.flatMap(({ versionSpans }) => versionSpans.map((span) => span.version));
  return versions.length === 0 ? 0 : version - Math.min(...versions);
}

function rewardsOf({ outcome, passed, steps }: Sample, by: LoopConfig["outcome"]): AttemptRewards {
  const reached = by === "score" || passed === null ? outcome : Number(passed);
  return { outcome: reached, steps: steps.map(({ reward }) => ({ prm: reward.prm })) };
}

/** A call that may have nothing to train on. */
type SampledCall = Omit<PolicyCall, "advantage"> & { readonly advantage: number | null };

function toCall({ promptTokenIds, tokenIds, logprobs, sampling }: SampleStep, advantage: number | null): SampledCall {
  return { promptTokenIds, tokenIds, logprobs, advantage, temperature: sampling.temperature };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
