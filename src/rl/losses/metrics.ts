/** What a policy step reports about itself, in float64 from plain arrays: pure, and apart from the gradient. */

export interface PolicyMetricInputs {
  /** Per loss token. */
  readonly logprobs: readonly number[];
  /** As recorded, and what the ratio is taken against: the same, or the proximal policy. */
  readonly behaviour: readonly number[];
  readonly old: readonly number[];
  readonly advantages: readonly number[];
  readonly reference: readonly number[] | null;
}

export interface PolicyMetrics {
  readonly clipFraction: number;
  readonly approxKl: number;
  readonly referenceKl: number | null;
  readonly meanRatio: number;
}

interface Clip {
  readonly low: number;
  readonly high: number;
}

/** Token means. */
export function policyMetrics(inputs: PolicyMetricInputs, clip: Clip): PolicyMetrics {
  const { logprobs, behaviour, old, advantages, reference } = inputs;
  const count = Math.max(1, logprobs.length);
  let clipped = 0;
  let kl = 0;
  let ratios = 0;
  let referenceKl = 0;
  logprobs.forEach((logprob, i) => {
    const ratio = Math.exp(logprob - old[i]!);
    if (isClipped(ratio, advantages[i]!, clip)) clipped++;
    const behaviourLogRatio = logprob - behaviour[i]!;
    kl += Math.exp(behaviourLogRatio) - 1 - behaviourLogRatio;
    ratios += ratio;
    if (reference !== null) {
      const d = reference[i]! - logprob;
      referenceKl += Math.exp(d) - d - 1;
    }
  });
  return {
    clipFraction: clipped / count,
    approxKl: kl / count,
    referenceKl: reference === null ? null : referenceKl / count,
    meanRatio: ratios / count,
  };
}

/**
 * True where the clipped branch is the larger loss, so that its gradient is zero: ratio above 1 + high with a positive
 * advantage, or below 1 - low with a negative one.
 */
export function isClipped(ratio: number, advantage: number, { low, high }: Clip): boolean {
  return (advantage > 0 && ratio > 1 + high) || (advantage < 0 && ratio < 1 - low);
}
