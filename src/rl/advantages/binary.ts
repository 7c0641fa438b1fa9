/** Binary RL: one vote for a step, by majority. */
import type { Vote, VoteValue } from "../../core/judge.ts";

/**
 * Majority of the parseable votes; a tie for the most frequent value is 0; none parseable is null, never 0.
 * Source: OpenClaw-RL, arXiv:2603.10165, Binary RL; its code gives 0 for none, which we keep apart.
 */
export function majorityVote(votes: readonly Vote[]): VoteValue | null {
  const counts = new Map<VoteValue, number>();
  for (const vote of votes) if (vote.status === "vote") counts.set(vote.value, (counts.get(vote.value) ?? 0) + 1);
  if (counts.size === 0) return null;
  const most = Math.max(...counts.values());
  const winners = [...counts].filter(([, count]) => count === most);
  return winners.length === 1 ? winners[0]![0] : 0;
}

/** Mean of the parseable votes; null when there is none. */
export function meanVote(votes: readonly Vote[]): number | null {
  const values = votes.flatMap((vote) => (vote.status === "vote" ? [vote.value] : []));
  return values.length === 0 ? null : values.reduce<number>((sum, value) => sum + value, 0) / values.length;
}

/** Binary RL has no baseline: the advantage is the majority itself; null trains nothing. */
export function binaryAdvantages(votes: readonly (readonly Vote[])[]): (number | null)[] {
  return votes.map(majorityVote);
}
