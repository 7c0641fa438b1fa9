import type { Vote } from "../core/judge.ts";

/**
 * Mean of the parseable votes, in [-1, 1]; null when there is none, which is not 0.
 * Source: OpenClaw-RL's step reward, (1/m) times the sum of m votes; there an unparseable vote counts as 0, here it abstains.
 */
export function scoreOf(votes: readonly Vote[]): number | null {
  const values = votes.flatMap((vote) => (vote.status === "vote" ? [vote.value] : []));
  return values.length === 0 ? null : values.reduce<number>((sum, value) => sum + value, 0) / values.length;
}
