/** Numbers made of several runs. Pure. */

/** The middle of `values`, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1].map((i) => sorted[i]);
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Largest relative difference; null when there is nothing to compare. */
export function largestError(
  actual: readonly number[],
  expected: readonly number[],
): number | null {
  if (actual.length === 0 || actual.length !== expected.length) return null;
  return Math.max(...actual.map((value, i) => Math.abs(value / (expected[i] as number) - 1)));
}
