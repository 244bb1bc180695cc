/** What the best of n completions of the reference is worth, by pools of them. Pure numbers. */
import { meanAndError } from "@preflab/lm";
import { bestOfN, bestOfNKl } from "@preflab/rlhf";
import type { BestOfNPoint } from "../study/results.ts";
import { preferencesByPrompt } from "./comparison/points.ts";
import type { PromptPool } from "./stages/pool.ts";

/**
 * Best-of-n over prompts, one point for each n.
 * @param ns up to the completions of a pool
 * @param by the reward that chooses
 */
export function bestOfNPoints(
  pools: readonly PromptPool[],
  ns: readonly number[],
  by: "learned" | "gold",
): BestOfNPoint[] {
  const choosing = ({ proxy, gold }: PromptPool) => (by === "gold" ? gold : proxy);
  return ns.map((n) => {
    const { mean, error } = meanAndError(
      pools.map((pool) => bestOfN(choosing(pool), pool.gold, n)),
    );
    const proxies = pools.map((pool) => bestOfN(choosing(pool), pool.proxy, n));
    const wins = pools.flatMap((pool) => {
      const { preferences } = pool;
      return preferences ? [bestOfN(choosing(pool), preferencesByPrompt(preferences, 1), n)] : [];
    });
    const rate = wins.length > 0 ? meanAndError(wins) : null;
    return {
      ...{ n, by, gold: mean, gold_error: error, proxy: meanAndError(proxies).mean },
      kl_bound: bestOfNKl(n),
      ...(rate && { win_rate: rate.mean, win_rate_error: rate.error }),
    };
  });
}
