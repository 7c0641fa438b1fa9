/**
 * Step-wise group advantages, pure and in float64.
 *
 * A step's return is the episode's outcome plus the mean of the step's parseable votes, undiscounted:
 *   R_t = outcomeWeight * outcome + prmWeight * mean votes
 * Steps are compared within a bucket: same group of attempts at one task, same step index.
 *   A = (R - mean) / (population standard deviation + 1e-6)
 *
 * Source: OpenClaw-RL, arXiv:2603.10165, step-wise objective. Departures, both because its code mixes scales:
 * - a step alone in its bucket is not given its raw return; its baseline is the mean over the group's *other* attempts
 *   of each attempt's mean return, and its scale the standard deviation of those means and the step's own return;
 * - a constant bucket gives zero and is counted, instead of being dropped.
 */
import { populationStd, mean } from "./statistics.ts";

export interface StepReward {
  /** Mean of the parseable votes; null: none, so the step's return is the outcome alone. */
  readonly prm: number | null;
}

export interface AttemptRewards {
  /** The outcome's score; null: unscored, so the steps' returns are their votes alone. */
  readonly outcome: number | null;
  /** In order of step index. */
  readonly steps: readonly StepReward[];
}

export interface AdvantageOptions {
  /** Default 1. */
  readonly outcomeWeight?: number;
  /** Default 1; 0 is training on the outcome alone. */
  readonly prmWeight?: number;
  /** Divide by the standard deviation; default true. */
  readonly normalise?: boolean;
}

export interface GroupAdvantages {
  /** [attempt][step]; null where there is nothing to train on: neither outcome nor vote. */
  readonly advantages: readonly (readonly (number | null)[])[];
  /** R_t, likewise. */
  readonly returns: readonly (readonly (number | null)[])[];
  readonly counts: AdvantageCounts;
}

export interface AdvantageCounts {
  readonly steps: number;
  readonly buckets: number;
  /** Buckets of two steps or more whose returns are all equal. */
  readonly constantBuckets: number;
  /** Buckets of one step; of these, without any other attempt to compare with. */
  readonly singletonBuckets: number;
  readonly unbasedSingletons: number;
  /** Steps whose return has no vote in it, and steps left out because they have no return at all. */
  readonly unjudgedSteps: number;
  readonly omittedSteps: number;
}

const epsilon = 1e-6;
/** A population variance up to this is rounding: the bucket is constant. */
const constantVariance = 1e-12;

/** Advantages of one group: attempts at one task. */
export function groupAdvantages(attempts: readonly AttemptRewards[], options: AdvantageOptions = {}): GroupAdvantages {
  const { outcomeWeight = 1, prmWeight = 1, normalise = true } = options;
  const returns = attempts.map(({ outcome, steps }) =>
    steps.map(({ prm }): number | null => {
      const judged = prmWeight === 0 ? null : prm;
      if (outcome === null && judged === null) return null;
      return outcomeWeight * (outcome ?? 0) + prmWeight * (judged ?? 0);
    }),
  );
  const attemptMeans = returns.map((row) => {
    const present = row.filter((value) => value !== null);
    return present.length === 0 ? null : mean(present);
  });
  const advantages: (number | null)[][] = returns.map((row) => row.map(() => null));
  const counts = { buckets: 0, constantBuckets: 0, singletonBuckets: 0, unbasedSingletons: 0 };
  const longest = Math.max(0, ...returns.map((row) => row.length));
  for (let t = 0; t < longest; t++) {
    const members = returns.flatMap((row, attempt) => {
      const value = row[t];
      return value === null || value === undefined ? [] : [{ attempt, value }];
    });
    if (members.length === 0) continue;
    counts.buckets++;
    if (members.length === 1) {
      const { attempt, value } = members[0]!;
      counts.singletonBuckets++;
      const others = attemptMeans.filter((own, index) => index !== attempt && own !== null) as number[];
      if (others.length === 0) counts.unbasedSingletons++;
      advantages[attempt]![t] =
        others.length === 0 ? 0 : scaled(value - mean(others), populationStd([...others, value]), normalise);
      continue;
    }
    const values = members.map(({ value }) => value);
    const center = mean(values);
    const spread = populationStd(values);
    if (isConstant(spread)) counts.constantBuckets++;
    for (const { attempt, value } of members) advantages[attempt]![t] = scaled(value - center, spread, normalise);
  }
  const flat = returns.flat();
  return {
    advantages,
    returns,
    counts: {
      ...counts,
      steps: flat.length,
      unjudgedSteps: attempts.flatMap(({ steps }) => steps.filter(({ prm }) => prmWeight === 0 || prm === null)).length,
      omittedSteps: flat.filter((value) => value === null).length,
    },
  };
}

function scaled(difference: number, spread: number, normalise: boolean): number {
  if (isConstant(spread)) return 0;
  return normalise ? difference / (spread + epsilon) : difference;
}

function isConstant(spread: number): boolean {
  return spread ** 2 <= constantVariance;
}
