/** Mean and variance of numbers, in two passes. */

/**
 * What the sum of squares is divided by: the number of values (`population`, which TensorFlow's
 * `moments` and lm-human-preferences use) or one less (`bessel`, torch's default and TRL's).
 */
export type VarianceKind = "population" | "bessel";

/** All kinds. */
export const VARIANCE_KINDS: readonly VarianceKind[] = ["population", "bessel"];

/** Mean and variance. */
export interface Moments {
  readonly mean: number;
  readonly variance: number;
  readonly count: number;
}

/**
 * Moments of all numbers.
 * @throws Error for fewer numbers than the variance needs: 1, or 2 with Bessel's correction
 */
export function momentsOf(numbers: Iterable<number>, kind: VarianceKind): Moments {
  const values = Float64Array.from(numbers);
  const count = values.length;
  const least = kind === "bessel" ? 2 : 1;
  if (count < least) {
    throw new Error(
      `momentsOf: expected at least ${least} numbers for a ${kind} variance, got ${count}.`,
    );
  }
  const mean = values.reduce((sum, x) => sum + x, 0) / count;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, variance: squares / (kind === "bessel" ? count - 1 : count), count };
}
