/** Methods against the limit: the most mean reward that any policy has at a mean KL. */
import type { LimitSample, StudyResults } from "../results.ts";
import { bootstrap, type Estimate, mean, type Resampler } from "./bootstrap.ts";
import { rewardAt } from "./frontier.ts";
import { frontierOf, type GroupPoints, promptCount } from "./points.ts";

/** Two-sided normal quantile of a 95 % interval. */
export const Z95 = 1.959963984540054;

/** How far a group is below the limit at a KL. */
export interface Gap extends Estimate {
  readonly kl: number;
}

/** An evaluation whose interval is above the limit: a fault in one of the two. */
export interface AboveLimit {
  readonly id: string;
  readonly step: number;
  /** Reward above the limit at that KL, after both intervals. */
  readonly excess: number;
}

/**
 * Reward of the limit at a KL, linear between its points, which is a little too low as it is concave.
 * @returns null where it is not known
 */
export function limitAt(limit: readonly LimitSample[], kl: number): number | null {
  const [first, last] = [limit[0], limit.at(-1)];
  if (!first || !last || kl < first.kl || kl > last.kl) return null;
  return rewardAt(limit, kl);
}

/** Limit minus frontier at the KL values of a grid where a group was evaluated on either side. */
export function gapsToLimit(
  { seeds }: GroupPoints,
  limit: readonly LimitSample[],
  grid: readonly number[],
  resampler: Resampler,
): Gap[] {
  const kls = seeds.map(({ points }) => points.map(({ test }) => test.kl));
  const low = Math.max(...kls.map((list) => Math.min(...list)));
  const high = Math.min(...kls.map((list) => Math.max(...list)));
  const limits = grid.flatMap((kl) => {
    const most = kl >= low && kl <= high ? limitAt(limit, kl) : null;
    return most === null ? [] : [{ kl, most }];
  });
  if (limits.length === 0) return [];
  const sizes = { seeds: seeds.length, prompts: promptCount([{ group: "", seeds }]) };
  const estimates = bootstrap(
    sizes,
    (draw) => {
      const frontiers = seeds.map((points) => frontierOf(points, draw.prompts));
      return limits.map(({ kl, most }) =>
        mean(draw.seeds.map((s) => most - rewardAt(frontiers[s] ?? [], kl))),
      );
    },
    resampler,
  );
  return estimates.map((estimate, k) => ({ kl: limits[k]?.kl as number, ...estimate }));
}

/**
 * Evaluations above the limit by more than the errors of their reward and KL allow: none but for
 * faults, or for one in some hundred by chance.
 */
export function aboveLimit({ runs, limit }: Pick<StudyResults, "runs" | "limit">): AboveLimit[] {
  return runs.flatMap(({ id, evaluations }) =>
    evaluations.flatMap(({ step, gold, gold_error, kl, kl_error }) => {
      const most = limitAt(limit, kl + Z95 * kl_error);
      const excess = most === null ? 0 : gold - Z95 * gold_error - most;
      return excess > 0 ? [{ id, step, excess }] : [];
    }),
  );
}
