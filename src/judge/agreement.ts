import type { VoteValue } from "../core/judge.ts";

export interface Agreement {
  /** Fraction of the steps whose score has the sign of the exact subgoal vote. */
  readonly withSubgoals: number;
  /** The same, corrected for chance; null when both sides always say one and the same, where it is 0/0. */
  readonly cohenKappa: number | null;
  /** Steps compared: those with a score, in environments with subgoals. */
  readonly n: number;
}

/**
 * Agreement of two raters over the categories -1, 0, 1; null when there is nothing to compare.
 * Source: Cohen 1960, kappa = (p_o - p_e) / (1 - p_e), p_e from the product of the two raters' marginals.
 */
export function measureAgreement(pairs: Iterable<readonly [judged: VoteValue, exact: VoteValue]>): Agreement | null {
  const counts = new Map<string, number>();
  const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  let n = 0;
  let equal = 0;
  for (const [judged, exact] of pairs) {
    n++;
    if (judged === exact) equal++;
    count(`judged ${judged}`);
    count(`exact ${exact}`);
  }
  if (n === 0) return null;
  const share = (key: string): number => (counts.get(key) ?? 0) / n;
  const observed = equal / n;
  const expected = [-1, 0, 1].reduce((sum, value) => sum + share(`judged ${value}`) * share(`exact ${value}`), 0);
  return { withSubgoals: observed, cohenKappa: expected === 1 ? null : (observed - expected) / (1 - expected), n };
}
