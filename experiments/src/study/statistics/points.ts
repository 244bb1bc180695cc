/** The policies of a study that statistics compare: evaluations with numbers per prompt, by group. */
import type { RunResult, StudyResults } from "../results.ts";
import { type Draw, mean, weightedMean } from "./bootstrap.ts";
import { envelope, type RewardAtKl } from "./frontier.ts";

/** An evaluated policy. */
export interface PolicyPoint {
  readonly run: RunResult;
  readonly step: number;
  /** Means over test prompts. */
  readonly test: RewardAtKl;
  /** What it is selected by: means over validation prompts, or else `test`. */
  readonly selection: RewardAtKl;
  readonly proxy: number | undefined;
  /** Per test prompt. */
  readonly gold: readonly number[];
  readonly kl: readonly number[];
}

/** Policies of one group with one seed. */
export interface SeedPoints {
  readonly seed: number;
  /** All that were evaluated, at least one. */
  readonly points: readonly PolicyPoint[];
  /** Those on the envelope of their selection. */
  readonly selected: readonly PolicyPoint[];
}

/** Policies of one group. */
export interface GroupPoints {
  readonly group: string;
  /** By ascending seed. */
  readonly seeds: readonly SeedPoints[];
}

/** Policies of all groups that have numbers per prompt, in the order of `groups`. */
export function groupPoints(
  { runs }: Pick<StudyResults, "runs">,
  groups: readonly string[],
): GroupPoints[] {
  return groups.flatMap((group) => {
    const bySeed = new Map<number, PolicyPoint[]>();
    for (const run of runs) {
      const points = run.group === group ? pointsOf(run) : [];
      if (points.length > 0) bySeed.set(run.seed, [...(bySeed.get(run.seed) ?? []), ...points]);
    }
    const seeds = [...bySeed]
      .sort(([a], [b]) => a - b)
      .map(([seed, points]) => ({ seed, points, selected: select(points) }));
    return seeds.length > 0 ? [{ group, seeds }] : [];
  });
}

/** The frontier of one seed on resampled prompts, by ascending KL. */
export function frontierOf(
  { selected }: Pick<SeedPoints, "selected">,
  prompts: Draw["prompts"],
): RewardAtKl[] {
  return selected
    .map(({ gold, kl }) => ({
      kl: weightedMean(kl, prompts),
      reward: weightedMean(gold, prompts),
    }))
    .sort((a, b) => a.kl - b.kl);
}

/** Prompts of a study's policies; 0 without any. */
export function promptCount([group]: readonly GroupPoints[]): number {
  return group?.seeds[0]?.points[0]?.gold.length ?? 0;
}

function pointsOf(run: RunResult): PolicyPoint[] {
  return run.evaluations.flatMap(({ step, per_prompt: perPrompt, validation, proxy }) => {
    if (!perPrompt || perPrompt.gold.length === 0) return [];
    const { gold, kl } = perPrompt;
    const test = { kl: mean(kl), reward: mean(gold) };
    const selection = validation ? { kl: validation.kl, reward: validation.gold } : test;
    return [{ run, step, test, selection, proxy, gold, kl }];
  });
}

function select(points: readonly PolicyPoint[]): PolicyPoint[] {
  const chosen = envelope(points.map(({ selection }) => selection));
  return chosen.map((i) => points[i] as PolicyPoint);
}
