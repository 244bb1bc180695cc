/** Scores of mean 0 and deviation 1 under the reference, so that one KL weight fits all models. */

import { RewardError } from "../scoring/reward-function.ts";
import { momentsOf } from "../statistics/moments.ts";
import type { Normalization } from "./reward-model.ts";

/** Less spread than this is none: the model does not tell texts apart. */
const LEAST_DEVIATION = 1e-8;

/**
 * The gain and bias that give `scores` mean 0 and population deviation 1: `gain = 1 / deviation`,
 * `bias = -mean * gain`. Section 2.1 of Ziegler et al. 2019 (arXiv:1909.08593); detail 9 of Huang et
 * al. 2023.
 * @param scores raw, of samples from the reference
 * @throws RewardError where all scores are equal
 */
export function normalizationOf(scores: ArrayLike<number>): Normalization {
  const { mean, variance } = momentsOf(Array.from(scores), "population");
  const deviation = Math.sqrt(variance);
  if (!(deviation > LEAST_DEVIATION)) {
    throw new RewardError(
      `normalizationOf: expected scores that differ, got ${scores.length} of mean ${mean} and ` +
        `deviation ${deviation}. The reward model does not tell these texts apart.`,
    );
  }
  return { gain: 1 / deviation, bias: -mean / deviation };
}

/** `gain * score + bias` of every score. */
export function normalizeScores(
  scores: ArrayLike<number>,
  { gain, bias }: Normalization,
): Float64Array {
  return Float64Array.from(scores, (score) => gain * score + bias);
}
