/** Whitening: numbers of variance 1, and of mean 0 unless the mean is to stay. */

import { allNumbers, mapNumbers, type TokenNumbers } from "../token-numbers.ts";
import { momentsOf, type VarianceKind } from "./moments.ts";

/** Keeps numbers that are all equal finite; lm-human-preferences and TRL alike. */
const EPSILON = 1e-8;

/** How numbers are whitened. */
export interface WhitenOptions {
  readonly variance: VarianceKind;
  /** True: the result has mean 0. False: it keeps its mean, as whitened rewards do. */
  readonly shiftMean: boolean;
}

/**
 * `(x - mean) / sqrt(variance + 1e-8)` over the numbers of all rows together, plus the mean where it
 * is not shifted. Detail 17 of Huang et al. 2023, The N implementation details of RLHF with PPO.
 * @throws Error where there are fewer numbers than the variance needs
 */
export function whiten(
  rows: TokenNumbers,
  { variance: kind, shiftMean }: WhitenOptions,
): Float64Array[] {
  const { mean, variance } = momentsOf(allNumbers(rows), kind);
  const scale = 1 / Math.sqrt(variance + EPSILON);
  const added = shiftMean ? 0 : mean;
  return mapNumbers(rows, (x) => (x - mean) * scale + added);
}
