/** All statistics of a study: what figures and reports show, computed once. */
import { finalEvaluation, groupsOf, type RunResult, type StudyResults } from "../results.ts";
import {
  BOOTSTRAP,
  type BootstrapOptions,
  bootstrap,
  type Estimate,
  mean,
  Resampler,
} from "./bootstrap.ts";
import { type Comparison, compareGroups, KL_GRID } from "./compare.ts";
import { hypervolume, type RewardAtKl } from "./frontier.ts";
import { type JudgedSetting, judgedSettings, type ShownSetting, shownSettings } from "./judged.ts";
import { type AboveLimit, aboveLimit, type Gap, gapsToLimit } from "./limit.ts";
import { type OverOptimisation, overOptimisation } from "./over-optimisation.ts";
import { frontierOf, type GroupPoints, groupPoints, promptCount } from "./points.ts";
import { type AgainstData, type AgainstRival, againstData, againstRival } from "./preference.ts";
import { type SettingSummary, settingSummaries } from "./settings.ts";
import { type Direction, type Trend, trend } from "./trend.ts";

/** KL of the hypervolume's reference point in studies without target KLs, nats. */
const DEFAULT_VOLUME_KL = 10;

/** Statistics of a study. */
export interface Analysis {
  readonly options: BootstrapOptions;
  /** Test prompts with numbers per prompt. */
  readonly prompts: number;
  /** Whether points of the frontier were selected on other prompts than they are reported on. */
  readonly isValidated: boolean;
  readonly settings: readonly SettingSummary[];
  /** Final gold reward of the reference policy, over its runs; null without it. */
  readonly referenceReward: number | null;
  /** The subject against every rival of the labels that has policies. */
  readonly comparisons: readonly Comparison[];
  readonly volume: Volumes | null;
  readonly gaps: readonly { readonly group: string; readonly gaps: readonly Gap[] }[];
  readonly above: readonly AboveLimit[];
  readonly trends: readonly KnobTrend[];
  readonly overOptimisation: readonly OverOptimisation[];
  /** What judges said; null in studies that compare no replies. */
  readonly judged: JudgedAnalysis | null;
}

/** Statistics of what judges said. */
export interface JudgedAnalysis {
  readonly settings: readonly JudgedSetting[];
  /** The setting of each group that stands for it. */
  readonly shown: readonly ShownSetting[];
  /** The subject against the replies of the data, for test prompts and for new topics. */
  readonly againstData: readonly AgainstData[];
  /** The subject against every other group, in their order. */
  readonly againstRivals: readonly AgainstRival[];
}

/** Hypervolumes of all groups from one reference point. */
export interface Volumes {
  readonly point: RewardAtKl;
  /** Area over the KL of the reference point: the mean gain of reward over budgets of KL up to it. */
  readonly groups: readonly { readonly group: string; readonly gain: Estimate }[];
}

/** Final KL against what should set it. */
export interface KnobTrend extends Trend {
  readonly group: string;
  readonly knob: "beta" | "target KL";
}

/** Statistics of results. Equal results give equal numbers. */
export function analyse(results: StudyResults, options: BootstrapOptions = BOOTSTRAP): Analysis {
  const resampler = new Resampler(options);
  const { labels, runs, limit } = results;
  const groups = groupPoints(results, groupsOf(results));
  const trained = groups.filter(({ group }) => group !== labels.reference);
  const settings = settingSummaries(results, resampler);
  const reference = settings.find(({ group }) => group === labels.reference)?.gold?.mean;
  return {
    options,
    prompts: promptCount(groups),
    isValidated: runs.some(({ evaluations }) => evaluations.some((e) => e.validation)),
    settings,
    referenceReward: reference ?? null,
    comparisons: comparisonsOf(labels, groups, resampler),
    volume: reference === undefined ? null : volumesOf(trained, reference, runs, resampler),
    gaps: trained.map((points) => ({
      group: points.group,
      gaps: gapsToLimit(points, limit, KL_GRID, resampler),
    })),
    above: aboveLimit(results),
    trends: groupsOf(results).flatMap((group) => trendsOf(group, settings)),
    overOptimisation: trained
      .filter(({ seeds }) => seeds.every(({ points }) => points.length > 1))
      .map((points) => overOptimisation(points, resampler)),
    judged: judgedOf(results, resampler),
  };
}

function judgedOf(
  { labels, runs, comparisons }: StudyResults,
  resampler: Resampler,
): JudgedAnalysis | null {
  if (!comparisons) return null;
  const settings = judgedSettings({ labels, comparisons }, resampler);
  const shown = shownSettings(settings, { runs });
  const subjects = shown.filter(({ group }) => group === labels.subject);
  const others = shown.filter(({ group }) => group !== labels.subject);
  return {
    ...{ settings, shown },
    againstData: subjects.flatMap((subject) =>
      (["test", "new topics"] as const).flatMap(
        (prompts) => againstData(subject, prompts, resampler) ?? [],
      ),
    ),
    againstRivals: subjects.flatMap((subject) =>
      others.flatMap((rival) => againstRival(subject, rival, resampler) ?? []),
    ),
  };
}

function comparisonsOf(
  { subject, rivals }: StudyResults["labels"],
  groups: readonly GroupPoints[],
  resampler: Resampler,
): Comparison[] {
  const points = (name: string) => groups.find(({ group }) => group === name);
  const ours = points(subject);
  return rivals.flatMap((rival) => {
    const theirs = points(rival);
    return ours && theirs ? [compareGroups(ours, theirs, KL_GRID, resampler)] : [];
  });
}

/** The reference point is fixed by the study's settings: its largest target KL, its reference. */
function volumesOf(
  groups: readonly GroupPoints[],
  reward: number,
  runs: readonly RunResult[],
  resampler: Resampler,
): Volumes {
  const targets = runs.flatMap(({ target_kl }) => (target_kl === undefined ? [] : [target_kl]));
  const kl = targets.length > 0 ? Math.max(...targets) : DEFAULT_VOLUME_KL;
  const point = { kl, reward };
  return {
    point,
    groups: groups.map(({ group, seeds }) => {
      const sizes = { seeds: seeds.length, prompts: promptCount([{ group, seeds }]) };
      const [gain] = bootstrap(
        sizes,
        (draw) => {
          const gains = seeds.map((own) => hypervolume(frontierOf(own, draw.prompts), point) / kl);
          return [mean(draw.seeds.map((s) => gains[s] as number))];
        },
        resampler,
      ) as [Estimate];
      return { group, gain };
    }),
  };
}

/** Final KL should fall with beta and rise with the target. */
function trendsOf(group: string, settings: readonly SettingSummary[]): KnobTrend[] {
  const own = settings.filter((setting) => setting.group === group);
  const test = (
    knob: KnobTrend["knob"],
    direction: Direction,
    valueOfRun: (run: RunResult) => unknown,
  ): KnobTrend[] => {
    const series = finalKls(own, valueOfRun).filter((kls) => kls.length > 2);
    return series.length > 0 ? [{ group, knob, ...trend(series, direction) }] : [];
  };
  const targets = test("target KL", "rising", (run) => run.target_kl);
  return targets.length > 0 ? targets : test("beta", "falling", (run) => run.knobs["beta"]);
}

/** For every seed the final KLs of runs by ascending value. */
function finalKls(
  settings: readonly SettingSummary[],
  valueOfRun: (run: RunResult) => unknown,
): number[][] {
  const bySeed = new Map<number, { value: number; kl: number }[]>();
  for (const run of settings.flatMap(({ runs }) => runs)) {
    const [value, final] = [valueOfRun(run), finalEvaluation(run)];
    if (typeof value !== "number" || !final) continue;
    bySeed.set(run.seed, [...(bySeed.get(run.seed) ?? []), { value, kl: final.kl }]);
  }
  const seeds = [...bySeed].sort(([a], [b]) => a - b);
  return seeds.map(([, points]) => points.sort((a, b) => a.value - b.value).map(({ kl }) => kl));
}
