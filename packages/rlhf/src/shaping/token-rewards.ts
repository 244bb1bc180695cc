/** The reward of every token: the penalty for leaving the reference, and at the end the score. */

import { mapNumbers, type TokenNumbers } from "../token-numbers.ts";

/**
 * `-weight * kl` at every token, plus the completion's score at its last real token: the end-of-text
 * token where it has one, never padding. Section 2.2 of Ziegler et al. 2019 (arXiv:1909.08593).
 * @param kl of every token, nats, see `klEstimates` or the exact divergence
 * @param scores one per completion
 * @throws Error for a completion without tokens, or when counts differ
 */
export function tokenRewards(
  kl: TokenNumbers,
  scores: ArrayLike<number>,
  weight: number,
): Float64Array[] {
  if (scores.length !== kl.length) {
    throw new Error(
      `tokenRewards: expected ${kl.length} scores, one per completion, got ${scores.length}.`,
    );
  }
  const rewards = mapNumbers(kl, (x) => -weight * x);
  rewards.forEach((row, i) => {
    if (row.length === 0) {
      throw new Error(
        `tokenRewards: expected a token to put the score on, got completion ${i} of 0 tokens. ` +
          "Generate at least one token.",
      );
    }
    row[row.length - 1] = (row[row.length - 1] as number) + (scores[i] as number);
  });
  return rewards;
}
