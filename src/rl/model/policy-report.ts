/** Joins what a step's passes saw with what its calls carry, for the step's metrics. */
import { distillationMetrics, type TaughtToken } from "../losses/distillation-metrics.ts";
import { policyMetrics } from "../losses/metrics.ts";
import type { PolicyCall, PolicySequence, StepMetrics, TrainerOptions } from "./contract.ts";
import type { MicrobatchValues } from "./microbatch.ts";
import { importanceWeights, oldLogprobs, tokenAdvantages } from "./teaching.ts";

type Seen = Pick<MicrobatchValues, "logprobs" | "support">;

export function policyReport(
  sequences: readonly PolicySequence[],
  { logprobs }: Seen,
  options: Required<TrainerOptions>,
): StepMetrics["policy"] {
  const { clipLow, clipHigh, klCoefficient, importanceCap } = options;
  const calls = sequences.flatMap(({ calls }) => calls);
  const behaviour = calls.flatMap((call) => call.logprobs);
  const metrics = policyMetrics(
    {
      logprobs: logprobs.flat(),
      behaviour,
      old: calls.flatMap((call) => oldLogprobs(call, options)),
      advantages: calls.flatMap((call) => tokenAdvantages(call, options)),
      reference: klCoefficient > 0 ? calls.flatMap((call) => call.referenceLogprobs!) : null,
    },
    { low: clipLow, high: clipHigh },
  );
  if (importanceCap === null) return { ...metrics, importanceWeight: null, truncatedFraction: null };
  const weights = calls.flatMap((call) => importanceWeights(call, options)!);
  return {
    ...metrics,
    importanceWeight: weights.reduce((sum, weight) => sum + weight, 0) / weights.length,
    truncatedFraction: weights.filter((weight) => weight === importanceCap).length / weights.length,
  };
}

export function distillationReport(
  sequences: readonly PolicySequence[],
  { support }: Seen,
  options: Required<TrainerOptions>,
): StepMetrics["distillation"] {
  const tokens = sequences.flatMap(({ calls }, s) => {
    let from = 0;
    return calls.flatMap((call) => {
      const current = support[s]!.slice(from, from + call.tokenIds.length);
      from += call.tokenIds.length;
      return taughtTokens(call, current, options);
    });
  });
  return distillationMetrics(tokens, options);
}

function taughtTokens(
  call: PolicyCall,
  current: readonly (readonly number[])[],
  options: Required<TrainerOptions>,
): TaughtToken[] {
  const { teaching } = call;
  if (teaching === undefined) return [];
  if (teaching.type === "taken") {
    const old = oldLogprobs(call, options);
    return teaching.logprobs.map((teacher, t) => ({ type: "taken", old: old[t]!, teacher }));
  }
  if (teaching.type === "top-k")
    return teaching.tokens.map(({ logprobs }, t) => ({ type: "top-k", current: current[t]!, teacher: logprobs }));
  return teaching.tokens.flatMap(({ ids, old, teacher }, t): TaughtToken[] =>
    ids.length === 0 ? [] : [{ type: "support", current: current[t]!, old, teacher }],
  );
}
