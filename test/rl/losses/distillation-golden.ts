/**
 * The distillation losses and the decoupled surrogate again, in float64, over whole distributions given as logits: written
 * from the papers' formulas and not from src/, which sees a few log-probabilities only. Slopes are central differences.
 */

export interface DecoupledToken {
  readonly logprob: number;
  readonly proximal: number;
  readonly behaviour: number;
  readonly advantage: number;
}

/** Mean over tokens of min(q / b, cap) * max(-(pi / q) A, -clip(pi / q, 1 - low, 1 + high) A), in probabilities. */
export function goldenDecoupled(tokens: readonly DecoupledToken[], low: number, high: number, cap: number): number {
  let sum = 0;
  for (const { logprob, proximal, behaviour, advantage } of tokens) {
    const [pi, q, b] = [Math.exp(logprob), Math.exp(proximal), Math.exp(behaviour)];
    const weight = q / b > cap ? cap : q / b;
    const kept = Math.max(1 - low, Math.min(1 + high, pi / q));
    sum += weight * Math.max((-pi / q) * advantage, -kept * advantage);
  }
  return sum / tokens.length;
}

export function probabilities(logits: readonly number[]): number[] {
  const exponentials = logits.map((logit) => Math.exp(logit));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / total);
}

/** Indices of the `k` greatest, greatest first. */
export function likeliest(logits: readonly number[], k: number): number[] {
  return logits
    .map((logit, id) => [logit, id] as const)
    .sort(([a], [b]) => b - a)
    .slice(0, k)
    .map(([, id]) => id);
}

/** KL(student || teacher) after both were coarsened to the ids in `kept` and one bin for the rest. */
export function goldenReverseKl(
  student: readonly number[],
  teacher: readonly number[],
  kept: readonly number[],
): number {
  const coarse = (logits: readonly number[]) => {
    const p = probabilities(logits);
    const rest = p.filter((_, id) => !kept.includes(id)).reduce((a, b) => a + b, 0);
    return [...kept.map((id) => p[id]!), rest];
  };
  const [p, t] = [coarse(student), coarse(teacher)];
  return p.reduce((sum, mass, bin) => sum + (mass === 0 ? 0 : mass * Math.log(mass / t[bin]!)), 0);
}

export interface HybridToken {
  readonly current: readonly number[];
  readonly old: readonly number[];
  readonly teacher: readonly number[];
  readonly support: readonly number[];
}

/** One token of L^OPD. The softmax over the support is the old distribution restricted to it and made to sum to 1. */
export function goldenHybrid(token: HybridToken, gapClip: number, low: number, high: number): number {
  const [now, old, teacher] = [token.current, token.old, token.teacher].map(probabilities) as [
    number[],
    number[],
    number[],
  ];
  const restricted = token.support.reduce((sum, id) => sum + old[id]!, 0);
  let loss = 0;
  for (const id of token.support) {
    let delta = Math.log(teacher[id]! / old[id]!);
    if (delta > gapClip) delta = gapClip;
    if (delta < -gapClip) delta = -gapClip;
    const advantage = (delta * old[id]!) / restricted;
    const rho = now[id]! / old[id]!;
    let kept = rho;
    if (rho < 1 - low) kept = 1 - low;
    if (rho > 1 + high) kept = 1 + high;
    loss += -advantage * rho > -advantage * kept ? -advantage * rho : -advantage * kept;
  }
  return loss;
}

/** d f / d x[i] */
export function slope(f: (x: readonly number[]) => number, x: readonly number[], i: number): number {
  const step = 1e-5;
  const moved = (by: number) => x.map((value, j) => (j === i ? value + by : value));
  return (f(moved(step)) - f(moved(-step))) / (2 * step);
}
