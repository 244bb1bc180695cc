/**
 * Estimates of KL(policy || reference) from the one token that the policy has sampled. Schulman
 * 2020, Approximating KL divergence (joschu.net/blog/kl-approx.html). Those for losses, which have
 * gradients, are in ../losses/kl-loss.ts; the exact divergence is lm's `scoreTokens`.
 */

import { checkSameLengths, type TokenNumbers } from "../token-numbers.ts";

/** Each estimate as a function of `x = log policy - log reference`. */
const ESTIMATORS = {
  /** `x`: unbiased, of either sign. */
  k1: (x: number): number => x,
  /** `x^2 / 2`: biased, never negative; TRL's `mse`. */
  k2: (x: number): number => 0.5 * x * x,
  /** `exp(-x) - 1 + x`: unbiased, never negative. */
  k3: (x: number): number => Math.expm1(-x) + x,
  /** `|x|`: TRL's `abs`; no estimate of the divergence, but never negative. */
  abs: (x: number): number => Math.abs(x),
} as const;

/** Name of an estimate. */
export type KlEstimator = keyof typeof ESTIMATORS;

/** All names. */
export const KL_ESTIMATORS: readonly KlEstimator[] = Object.keys(ESTIMATORS) as KlEstimator[];

/**
 * The estimate for every token, nats.
 * @param policyLogps log-probabilities of the sampled tokens, nats, under the policy that sampled
 * @throws Error when the two are not of the same lengths
 */
export function klEstimates(
  name: KlEstimator,
  policyLogps: TokenNumbers,
  referenceLogps: TokenNumbers,
): Float64Array[] {
  checkSameLengths("klEstimates", policyLogps, referenceLogps);
  const estimate = ESTIMATORS[name];
  return policyLogps.map((row, i) => {
    const reference = referenceLogps[i] as Float64Array;
    return row.map((logp, t) => estimate(logp - (reference[t] as number)));
  });
}
