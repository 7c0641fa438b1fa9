/**
 * Which hint to learn each token from: the one whose teacher agrees most with what the student would say anyway. A teacher
 * that is far away teaches little but to be someone else.
 *
 * Shapes: H hints, T tokens, k likeliest ids of each distribution.
 * Source: OpenClaw-RL v2, arXiv:2603.10165, overlap-guided hint selection; k = 4.
 */

/** sequence: one hint for all tokens, of the greatest total overlap; token: each token its own; shortest: the first. */
export type HintSelection = "sequence" | "token" | "shortest";

/** [T] how many ids the student's and the teacher's likeliest k have in common. Both [T][k]. */
export function overlaps(student: readonly (readonly number[])[], teacher: readonly (readonly number[])[]): number[] {
  return student.map((ids, t) => ids.filter((id) => teacher[t]!.includes(id)).length);
}

/**
 * [T] index of the hint for each token; of equals the first, which is the shortest where hints come shortest first.
 *
 * @param overlap [H][T] as `overlaps` gives, H at least 1.
 */
export function selectHints(overlap: readonly (readonly number[])[], selection: HintSelection): number[] {
  const tokens = overlap[0]!.map((_, t) => t);
  if (selection === "token") return tokens.map((t) => firstLargest(overlap.map((row) => row[t]!)));
  const totals = overlap.map((row) => row.reduce((sum, count) => sum + count, 0));
  const hint = selection === "shortest" ? 0 : firstLargest(totals);
  return tokens.map(() => hint);
}

function firstLargest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
