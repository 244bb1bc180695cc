/** Generalised advantage estimation. Schulman et al. 2015 (arXiv:1506.02438), Eq. 16. */

import { checkSameLengths, type TokenNumbers } from "../token-numbers.ts";

/** Advantages and what values should have been. */
export interface Advantages {
  readonly advantages: readonly Float64Array[];
  /** Advantages plus values. */
  readonly returns: readonly Float64Array[];
}

/**
 * `A_t = d_t + gamma lambda A_(t+1)` with `d_t = r_t + gamma V_(t+1) - V_t`; after the last token of
 * a completion nothing comes, whose value is 0.
 * @param values of the state before each token, what the policy has sampled it from
 * @param gamma in `[0, 1]`, 1 for text @param lambda in `[0, 1]`
 * @throws Error when the two are not of the same lengths
 */
export function generalizedAdvantages(
  rewards: TokenNumbers,
  values: TokenNumbers,
  gamma: number,
  lambda: number,
): Advantages {
  checkSameLengths("generalizedAdvantages", rewards, values);
  const advantages = rewards.map((row, i) => {
    const value = values[i] as Float64Array;
    const result = new Float64Array(row.length);
    let next = 0;
    for (let t = row.length - 1; t >= 0; t--) {
      const error = (row[t] as number) + gamma * (value[t + 1] ?? 0) - (value[t] as number);
      next = error + gamma * lambda * next;
      result[t] = next;
    }
    return result;
  });
  const returns = advantages.map((row, i) =>
    row.map((x, t) => x + ((values[i] as Float64Array)[t] as number)),
  );
  return { advantages, returns };
}
