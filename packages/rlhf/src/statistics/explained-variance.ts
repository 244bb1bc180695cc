/** How much of the returns a value function knows. */

import { allNumbers, type TokenNumbers } from "../token-numbers.ts";
import { momentsOf } from "./moments.ts";

/**
 * `1 - Var(returns - values) / Var(returns)`: 1 for perfect values, 0 for constant ones, below 0 for
 * worse than that; NaN where all returns are equal. Over the tokens of all completions, as in
 * CleanRL's ppo.py.
 */
export function explainedVariance(values: TokenNumbers, returns: TokenNumbers): number {
  const [known, all] = [[...allNumbers(values)], [...allNumbers(returns)]];
  const errors = all.map((x, i) => x - (known[i] as number));
  const total = momentsOf(all, "population").variance;
  return total === 0 ? Number.NaN : 1 - momentsOf(errors, "population").variance / total;
}
