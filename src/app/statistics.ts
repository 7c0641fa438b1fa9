/** Uncertainty of measured success: bootstrap intervals, plain and paired, with injected random numbers. */
import type { Random } from "../core/random.ts";

export type Interval = readonly [low: number, high: number];

const resamples = 2_000;

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Percentile bootstrap of the mean, 95 % (Efron 1979). [NaN, NaN] for no values. */
export function bootstrapInterval(values: readonly number[], random: Random): Interval {
  if (values.length === 0) return [Number.NaN, Number.NaN];
  const means: number[] = [];
  for (let round = 0; round < resamples; round++) {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[random.integer(values.length)]!;
    means.push(sum / values.length);
  }
  means.sort((a, b) => a - b);
  return [means[Math.floor(0.025 * resamples)]!, means[Math.ceil(0.975 * resamples) - 1]!];
}

/** Interval of mean(after - before) over the same tasks: `before[i]` and `after[i]` belong to one task. */
export function pairedInterval(before: readonly number[], after: readonly number[], random: Random): Interval {
  if (before.length !== after.length) throw new RangeError("paired values need equal lengths");
  return bootstrapInterval(
    after.map((value, index) => value - before[index]!),
    random,
  );
}
