/**
 * The formulas again, in float64 loops, written from the papers and not from src/: what the tests compare with.
 * Gradients come from central differences of these functions, so that no derivative is derived twice the same way.
 */

export interface GoldenToken {
  readonly logprob: number;
  readonly behaviour: number;
  readonly reference: number;
}

export interface GoldenSample {
  readonly advantage: number;
  readonly tokens: readonly GoldenToken[];
}

/** Mean over samples of the mean over tokens of max(-rho A, -clip(rho, 1 - low, 1 + high) A) + beta k3. */
export function goldenPolicyLoss(samples: readonly GoldenSample[], low: number, high: number, beta: number): number {
  let total = 0;
  for (const { advantage, tokens } of samples) {
    let sum = 0;
    for (const { logprob, behaviour, reference } of tokens) {
      const rho = Math.exp(logprob - behaviour);
      let clipped = rho;
      if (rho < 1 - low) clipped = 1 - low;
      if (rho > 1 + high) clipped = 1 + high;
      const unclippedLoss = -rho * advantage;
      const clippedLoss = -clipped * advantage;
      sum += unclippedLoss > clippedLoss ? unclippedLoss : clippedLoss;
      const inverseRatio = Math.exp(reference) / Math.exp(logprob);
      sum += beta * (inverseRatio - Math.log(inverseRatio) - 1);
    }
    total += sum / tokens.length;
  }
  return total / samples.length;
}

/** d loss / d logprob of token `t` of sample `s`. */
export function goldenPolicyGradient(
  samples: readonly GoldenSample[],
  low: number,
  high: number,
  beta: number,
  s: number,
  t: number,
): number {
  const step = 1e-6;
  const moved = (by: number) =>
    samples.map((sample, i) => ({
      ...sample,
      tokens: sample.tokens.map((token, j) => (i === s && j === t ? { ...token, logprob: token.logprob + by } : token)),
    }));
  return (
    (goldenPolicyLoss(moved(step), low, high, beta) - goldenPolicyLoss(moved(-step), low, high, beta)) / (2 * step)
  );
}

/** One parameter under AdamW for a list of gradients, as algorithm 2 of arXiv:1711.05101 writes it. */
export function goldenAdamW(
  start: number,
  gradients: readonly number[],
  {
    rate,
    beta1,
    beta2,
    epsilon,
    decay,
  }: { rate: number; beta1: number; beta2: number; epsilon: number; decay: number },
): number[] {
  let theta = start;
  let m = 0;
  let v = 0;
  return gradients.map((g, index) => {
    const t = index + 1;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const mHat = m / (1 - Math.pow(beta1, t));
    const vHat = v / (1 - Math.pow(beta2, t));
    theta = theta - rate * decay * theta - (rate * mHat) / (Math.sqrt(vHat) + epsilon);
    return theta;
  });
}
