/** Mean and population standard deviation in float64, two passes. */

/** @throws RangeError for no values. */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("mean needs at least one value");
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** 0 for no values. */
export function populationStd(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length);
}
