/**
 * Does the gold reward fall as KL rises (Gao et al. 2022, arXiv:2210.10760)? Of every seed the
 * policy of most reward by its selection is compared with the policy of most KL.
 */
import { bootstrap, type Estimate, mean, type Resampler, weightedMean } from "./bootstrap.ts";
import { type GroupPoints, type PolicyPoint, promptCount } from "./points.ts";

/** What becomes of the reward from the best policy to the one of most KL. */
export interface OverOptimisation {
  readonly group: string;
  /** Means over seeds, nats. */
  readonly bestKl: number;
  readonly mostKl: number;
  /** Gold reward at most KL minus at best. Below 0: over-optimised. */
  readonly gold: Estimate;
  /** The same of the learned reward; null where it is not measured. */
  readonly proxy: number | null;
  /**
   * - `yes`: the interval of `gold` is below 0.
   * - `no`: it is not.
   * - `best at most KL`: the best policy of every seed is the one of most KL.
   */
  readonly outcome: "yes" | "no" | "best at most KL";
}

/** The test for one group. */
export function overOptimisation(
  { group, seeds }: GroupPoints,
  resampler: Resampler,
): OverOptimisation {
  const pairs = seeds.map(({ points }) => ({
    best: largest(points, ({ selection }) => selection.reward),
    most: largest(points, ({ selection }) => selection.kl),
  }));
  const sizes = { seeds: seeds.length, prompts: promptCount([{ group, seeds }]) };
  const [gold] = bootstrap(
    sizes,
    ({ seeds: drawn, prompts }) => {
      const falls = pairs.map(
        ({ best, most }) => weightedMean(most.gold, prompts) - weightedMean(best.gold, prompts),
      );
      return [mean(drawn.map((s) => falls[s] as number))];
    },
    resampler,
  ) as [Estimate];
  const proxies = pairs.flatMap(({ best, most }) =>
    best.proxy === undefined || most.proxy === undefined ? [] : [most.proxy - best.proxy],
  );
  const isSame = pairs.every(({ best, most }) => best === most);
  return {
    group,
    bestKl: mean(pairs.map(({ best }) => best.test.kl)),
    mostKl: mean(pairs.map(({ most }) => most.test.kl)),
    gold,
    proxy: proxies.length === pairs.length ? mean(proxies) : null,
    outcome: isSame ? "best at most KL" : gold.high < 0 ? "yes" : "no",
  };
}

function largest(
  points: readonly PolicyPoint[],
  measure: (point: PolicyPoint) => number,
): PolicyPoint {
  return points.reduce((best, point) => (measure(point) > measure(best) ? point : best));
}
