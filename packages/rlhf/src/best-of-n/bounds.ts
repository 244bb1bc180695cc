/** What best-of-n costs and gives by theory alone. */

/**
 * KL(best-of-n || reference) of completions that all score differently, and an upper bound
 * otherwise: `log n - (n - 1) / n` nats. Beirami et al. 2024 (arXiv:2401.01879), Theorem 1.
 * @param n at least 1
 */
export function bestOfNKl(n: number): number {
  return Math.log(n) - (n - 1) / n;
}

/**
 * Probability that the best of n completions beats one more of the same policy, ties apart:
 * `n / (n + 1)`.
 */
export function bestOfNWinRate(n: number): number {
  return n / (n + 1);
}
