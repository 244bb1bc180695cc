/** The baseline of RLOO. */

import { groupsOf } from "./groups.ts";

/**
 * Each completion's reward less the mean of the others of its prompt, an unbiased baseline:
 * `A_i = r_i - 1/(n-1) sum_(j != i) r_j`. Kool et al. 2019; Eq. 8 of Ahmadian et al. 2024, Back to
 * basics (arXiv:2402.14740).
 * @param rewards `[prompts * n]`, completions of a prompt next to each other
 * @param size n, at least 2
 */
export function leaveOneOutAdvantages(rewards: ArrayLike<number>, size: number): Float64Array {
  const advantages = groupsOf(rewards, size).flatMap((group) => {
    const sum = group.reduce((total, x) => total + x, 0);
    return Array.from(group, (x) => x - (sum - x) / (size - 1));
  });
  return Float64Array.from(advantages);
}
