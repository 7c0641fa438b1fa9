import { percentilesOf } from "../../src/rollout/percentiles.ts";

/** Of repeated measurements. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError when there are no values. */
export function spreadOf(values: readonly number[]): Spread {
  const { p50 } = percentilesOf(values);
  if (p50 === null) throw new RangeError("no measurements");
  return { min: Math.min(...values), median: p50, max: Math.max(...values) };
}

/** "0.81 (0.78 to 0.84)" */
export function showSpread({ min, median, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

/** Columns aligned: the first to the left, the others to the right. */
export function showTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return `${rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n")}\n`;
}
