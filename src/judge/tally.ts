import type { Judgement } from "../core/judge.ts";

/** Steps by what became of them. */
export interface JudgeTally {
  /** With a score. */
  judged: number;
  /** Without: every vote came, none could be parsed. */
  abstained: number;
  /** Without: at least one vote failed, and none could be parsed. */
  failed: number;
}

export const emptyTally = (): JudgeTally => ({ judged: 0, abstained: 0, failed: 0 });

export function countJudgement(tally: JudgeTally, { score, votes }: Judgement): void {
  if (score !== null) tally.judged++;
  else if (votes.some(({ status }) => status === "failed")) tally.failed++;
  else tally.abstained++;
}
