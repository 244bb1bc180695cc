/**
 * Two methods at the same KL: the difference of their frontiers' rewards with paired intervals, and
 * what follows from it by a rule that is fixed beforehand.
 */
import { bootstrap, type Estimate, mean, type Resampler } from "./bootstrap.ts";
import { rewardAt } from "./frontier.ts";
import { frontierOf, type GroupPoints, promptCount, type SeedPoints } from "./points.ts";

/** KL values in nats at which methods are compared, as far as both were evaluated there. */
export const KL_GRID: readonly number[] = [
  ...[0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9, 10],
  ...[12, 14, 16, 20, 25, 30],
];

/** Fewest KL values for a verdict: two say nothing of a range. */
export const LEAST_GRID = 3;

/**
 * - `dominates`: the interval is above 0 at every KL. All of them must be, so their number needs no
 *   correction.
 * - `dominated`: below 0 at every KL.
 * - `undecided`: anything else.
 * - `not comparable`: fewer than {@link LEAST_GRID} KL values in the common range.
 */
export type Outcome = "dominates" | "dominated" | "undecided" | "not comparable";

/** A difference of rewards at a KL. */
export interface Difference extends Estimate {
  readonly kl: number;
}

/** A comparison of two groups. */
export interface Comparison {
  readonly subject: string;
  readonly rival: string;
  /** KL that both have been evaluated at with every common seed; null without such a range. */
  readonly range: { readonly low: number; readonly high: number } | null;
  /** Seeds that both have. */
  readonly seeds: readonly number[];
  /** Subject minus rival. */
  readonly differences: readonly Difference[];
  readonly outcome: Outcome;
}

/** Compares two groups at the KL values of a grid. */
export function compareGroups(
  subject: GroupPoints,
  rival: GroupPoints,
  grid: readonly number[] = KL_GRID,
  resampler: Resampler,
): Comparison {
  const pairs = commonSeeds(subject, rival);
  const range = commonRange(pairs.flat());
  const kls = range ? grid.filter((kl) => kl >= range.low && kl <= range.high) : [];
  const differences = kls.length > 0 ? differencesAt(pairs, kls, resampler) : [];
  return {
    ...{ subject: subject.group, rival: rival.group, range, differences },
    seeds: pairs.map(([{ seed }]) => seed),
    outcome: outcomeOf(differences),
  };
}

/** What differences say by the rule of {@link Outcome}. */
export function outcomeOf(differences: readonly Estimate[]): Outcome {
  if (differences.length < LEAST_GRID) return "not comparable";
  if (differences.every(({ low }) => low > 0)) return "dominates";
  return differences.every(({ high }) => high < 0) ? "dominated" : "undecided";
}

function commonSeeds(a: GroupPoints, b: GroupPoints): (readonly [SeedPoints, SeedPoints])[] {
  return a.seeds.flatMap((points) => {
    const other = b.seeds.find(({ seed }) => seed === points.seed);
    return other ? [[points, other] as const] : [];
  });
}

/** Where every seed of both methods has policies on either side: nothing is extrapolated. */
function commonRange(all: readonly SeedPoints[]): Comparison["range"] {
  const kls = all.map(({ points }) => points.map(({ test }) => test.kl));
  if (kls.length === 0) return null;
  const low = Math.max(...kls.map((list) => Math.min(...list)));
  const high = Math.min(...kls.map((list) => Math.max(...list)));
  return low <= high ? { low, high } : null;
}

function differencesAt(
  pairs: readonly (readonly [SeedPoints, SeedPoints])[],
  kls: readonly number[],
  resampler: Resampler,
): Difference[] {
  const prompts = promptCount([{ group: "", seeds: pairs.flat() }]);
  const estimates = bootstrap(
    { seeds: pairs.length, prompts },
    (draw) => {
      const bySeed = pairs.map(([a, b]) => {
        const [ours, theirs] = [frontierOf(a, draw.prompts), frontierOf(b, draw.prompts)];
        return kls.map((kl) => rewardAt(ours, kl) - rewardAt(theirs, kl));
      });
      return kls.map((_, k) => mean(draw.seeds.map((s) => bySeed[s]?.[k] as number)));
    },
    resampler,
  );
  return estimates.map((estimate, k) => ({ kl: kls[k] as number, ...estimate }));
}
