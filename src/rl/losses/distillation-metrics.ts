/** What a step reports about its teachers, in float64 from plain arrays. */
import { supportAdvantages } from "../advantages/support.ts";
import { isClipped } from "./metrics.ts";
import { tailFloor, teacherTail } from "./top-k.ts";

/** One taught loss token; log-probabilities in nats. `current` is under the policy that is trained. */
export type TaughtToken =
  | { readonly type: "taken"; readonly old: number; readonly teacher: number }
  | {
      readonly type: "support";
      readonly current: readonly number[];
      readonly old: readonly number[];
      readonly teacher: readonly number[];
    }
  | { readonly type: "top-k"; readonly current: readonly number[]; readonly teacher: readonly number[] };

export interface DistillationMetrics {
  readonly tokens: number;
  readonly meanGap: number | null;
  readonly gapClipFraction: number | null;
  readonly clipFraction: number | null;
  readonly reverseKl: number | null;
}

/** Means over tokens (reverseKl), and over taken tokens and support ids alike (the others); null over nothing. */
export function distillationMetrics(
  tokens: readonly TaughtToken[],
  options: { readonly gapClip: number; readonly clipLow: number; readonly clipHigh: number },
): DistillationMetrics | null {
  if (tokens.length === 0) return null;
  const gaps: number[] = [];
  const cut: number[] = [];
  const clipped: number[] = [];
  const divergences: number[] = [];
  const clip = { low: options.clipLow, high: options.clipHigh };
  for (const token of tokens) {
    if (token.type === "taken") gaps.push(token.teacher - token.old);
    else if (token.type === "top-k") divergences.push(reverseKl(token.current, token.teacher));
    else {
      const { current, old, teacher } = token;
      supportAdvantages(teacher, old, options.gapClip).forEach((advantage, v) => {
        const gap = teacher[v]! - old[v]!;
        gaps.push(gap);
        cut.push(Number(Math.abs(gap) > options.gapClip));
        clipped.push(Number(isClipped(Math.exp(current[v]! - old[v]!), advantage, clip)));
      });
    }
  }
  return {
    tokens: tokens.length,
    meanGap: meanOf(gaps),
    gapClipFraction: meanOf(cut),
    clipFraction: meanOf(clipped),
    reverseKl: meanOf(divergences),
  };
}

/** One position of `topKLoss`. */
function reverseKl(current: readonly number[], teacher: readonly number[]): number {
  const seen = current.reduce((sum, logprob) => sum + Math.exp(logprob), 0);
  const tail = Math.max(1 - seen, tailFloor);
  const known = current.reduce((sum, logprob, v) => sum + Math.exp(logprob) * (logprob - teacher[v]!), 0);
  return known + tail * (Math.log(tail) - teacherTail(teacher));
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
