/**
 * On-policy distillation as an advantage, alone or together with a reward: one value for each token, in float64.
 *   A_t = rewardWeight * r + teacherWeight * (log pi_T(a_t) - log pi_old(a_t))
 * where the teacher T reads a hint that the student did not. It goes into PPO-clip as any other advantage does; with
 * rewardWeight 0 it is distillation alone (whose published launcher clips symmetrically: clipHigh 0.2).
 *
 * Source: OpenClaw-RL v1, arXiv:2603.10165, on-policy distillation and combined method; both weights 1, and the
 * difference is not clipped. Departure: where its teacher failed or there was no hint, its code fills in zeros or the old
 * log-probabilities; here such a call has no teacher, and its advantage is the reward's alone.
 */

export interface CombinedInputs {
  /** The call's own, on each of its tokens. */
  readonly reward: number;
  /** [T] of the taken tokens; null: nobody taught this call. */
  readonly teacher: readonly number[] | null;
  /** [T] likewise, under the policy that the ratio is taken against. */
  readonly old: readonly number[];
}

export interface ObjectiveWeights {
  readonly rewardWeight: number;
  readonly teacherWeight: number;
}

/** [T] */
export function combinedAdvantages({ reward, teacher, old }: CombinedInputs, weights: ObjectiveWeights): number[] {
  const { rewardWeight, teacherWeight } = weights;
  return old.map(
    (logprob, t) => rewardWeight * reward + (teacher === null ? 0 : teacherWeight * (teacher[t]! - logprob)),
  );
}
