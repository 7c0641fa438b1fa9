/** What a policy step reports about itself, in float64 from plain arrays: pure, and apart from the gradient. */

export interface PolicyMetricInputs {
  /** Per loss token. */
  readonly logprobs: readonly number[];
  readonly behaviour: readonly number[];
  readonly advantages: readonly number[];
  readonly reference: readonly number[] | null;
}

export interface PolicyMetrics {
  readonly clipFraction: number;
  readonly approxKl: number;
  readonly referenceKl: number | null;
  readonly meanRatio: number;
}

/**
 * Token means. A token counts as clipped where the clipped branch is the larger loss, so that its gradient is zero:
 * ratio above 1 + high with a positive advantage, or below 1 - low with a negative one.
 */
export function policyMetrics(inputs: PolicyMetricInputs, clip: { low: number; high: number }): PolicyMetrics {
  const { logprobs, behaviour, advantages, reference } = inputs;
  const count = Math.max(1, logprobs.length);
  let clipped = 0;
  let kl = 0;
  let ratios = 0;
  let referenceKl = 0;
  logprobs.forEach((logprob, i) => {
    const logRatio = logprob - behaviour[i]!;
    const ratio = Math.exp(logRatio);
    const advantage = advantages[i]!;
    if ((advantage > 0 && ratio > 1 + clip.high) || (advantage < 0 && ratio < 1 - clip.low)) clipped++;
    kl += ratio - 1 - logRatio;
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
