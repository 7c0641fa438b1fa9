/**
 * Advantages on one token's support, in float64: how much more the teacher would have each of its ids than the student.
 *   A_v = clip(log pi_T(v) - log pi_old(v), -C, C) * w_v, w = softmax over the support of log pi_old
 * So the student's own likely tokens count most, and no single difference, however large, more than C.
 *
 * Source: OpenClaw-RL v2, arXiv:2603.10165, overlap-guided distillation, C = 1 as in the paper and its launcher (the code's
 * default is 2).
 */

/**
 * @param teacher [K] log-probabilities of the support under the teacher, @param old [K] under the student before the
 * update. An empty support gives no advantages.
 */
export function supportAdvantages(teacher: readonly number[], old: readonly number[], gapClip: number): number[] {
  const max = Math.max(...old);
  const masses = old.map((logprob) => Math.exp(logprob - max));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass, v) => {
    const gap = teacher[v]! - old[v]!;
    return (Math.min(Math.max(gap, -gapClip), gapClip) * mass) / total;
  });
}
