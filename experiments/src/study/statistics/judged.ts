/**
 * What judges say of the policies of a study, by setting: win rates against the replies of the data
 * over seeds and prompts, and which setting stands for its method in figures.
 */
import type { ComparedPoint, ComparedPolicy, Comparisons } from "../comparisons.ts";
import { finalEvaluation, type StudyResults, settingOf } from "../results.ts";
import { clusterMean, type Estimate, mean, type Resampler } from "./bootstrap.ts";
import { clusteredError } from "./clustered-error.ts";

/** Replies of a setting to some prompts at a temperature. */
export interface JudgedPoint extends Pick<ComparedPoint, "prompts" | "temperature" | "invalid"> {
  /** Win rate, over seeds and prompts. */
  readonly win: Estimate;
  readonly winError: number;
  readonly gold: Estimate;
  readonly goldError: number;
  /** Tokens, mean over seeds. */
  readonly length: number;
  /** Win rate at equal lengths, mean over seeds; null where one of them has none. */
  readonly lengthControlled: number | null;
}

/** A method with one setting. */
export interface JudgedSetting {
  readonly group: string;
  readonly label: string;
  /** The label without the group. */
  readonly setting: string;
  /** By ascending seed. */
  readonly policies: readonly ComparedPolicy[];
  /** Test prompts first, by ascending temperature. */
  readonly points: readonly JudgedPoint[];
}

/**
 * Why a setting stands for its method: there is no other, it has the most reward on validation
 * prompts, or, where that was not measured, the most wins on the prompts that it is reported on.
 */
export type Selection = "only" | "validation" | "test";

/** The setting that stands for its method. */
export interface ShownSetting extends JudgedSetting {
  readonly selection: Selection;
}

/** Groups whose replies were compared: those that labels list first, others in their order. */
export function judgedGroups({
  labels,
  comparisons,
}: Pick<StudyResults, "labels" | "comparisons">): string[] {
  const present = new Set((comparisons?.policies ?? []).map(({ group }) => group));
  return [...new Set([...labels.groups, ...present])].filter((group) => present.has(group));
}

/** Settings in the order of groups, and within a group of the comparisons. */
export function judgedSettings(
  results: Pick<StudyResults, "labels"> & { readonly comparisons: Comparisons },
  resampler: Resampler,
): JudgedSetting[] {
  return judgedGroups(results).flatMap((group) => {
    const byLabel = new Map<string, ComparedPolicy[]>();
    for (const policy of results.comparisons.policies) {
      if (policy.group !== group) continue;
      byLabel.set(policy.label, [...(byLabel.get(policy.label) ?? []), policy]);
    }
    return [...byLabel].map(([label, own]) => {
      const policies = [...own].sort((a, b) => a.seed - b.seed);
      const setting = settingOf({ label, group });
      return { group, label, setting, policies, points: pointsOf(policies, resampler) };
    });
  });
}

/** One setting of each group, with the reason for it. */
export function shownSettings(
  settings: readonly JudgedSetting[],
  { runs }: Pick<StudyResults, "runs">,
): ShownSetting[] {
  const validationOf = ({ policies }: JudgedSetting) => {
    const golds = policies.flatMap(({ id }) => {
      const run = runs.find((one) => one.id === id);
      return (run && finalEvaluation(run)?.validation?.gold) ?? [];
    });
    return golds.length === policies.length ? mean(golds) : null;
  };
  return [...new Set(settings.map(({ group }) => group))].flatMap((group) => {
    const own = settings.filter((setting) => setting.group === group);
    const validation = own.map(validationOf);
    const isValidated = validation.every((gold) => gold !== null);
    const scores = isValidated ? validation.map(Number) : own.map(meanWin);
    const best = own[scores.indexOf(Math.max(...scores))];
    const selection = own.length === 1 ? "only" : isValidated ? "validation" : "test";
    return best ? [{ ...best, selection }] : [];
  });
}

/** Rows of a policy's wins per prompt at a temperature. @returns undefined where it was not compared */
export function winsAt(
  { points }: ComparedPolicy,
  prompts: ComparedPoint["prompts"],
  temperature: number,
): readonly number[] | undefined {
  return points.find((point) => point.prompts === prompts && point.temperature === temperature)
    ?.per_prompt.win;
}

function meanWin({ points }: JudgedSetting): number {
  const rates = points.filter(({ prompts }) => prompts === "test").map(({ win }) => win.mean);
  return rates.length > 0 ? mean(rates) : -Infinity;
}

/** Points that every seed has. */
function pointsOf(policies: readonly ComparedPolicy[], resampler: Resampler): JudgedPoint[] {
  const order = ({ prompts }: ComparedPoint) => (prompts === "test" ? 0 : 1);
  const places = [...(policies[0]?.points ?? [])].sort(
    (a, b) => order(a) - order(b) || a.temperature - b.temperature,
  );
  return places.flatMap(({ prompts, temperature }) => {
    const points = policies.flatMap(
      (policy) =>
        policy.points.find(
          (point) => point.prompts === prompts && point.temperature === temperature,
        ) ?? [],
    );
    return points.length === policies.length
      ? [{ prompts, temperature, ...summaryOf(points, resampler) }]
      : [];
  });
}

function summaryOf(
  points: readonly ComparedPoint[],
  resampler: Resampler,
): Omit<JudgedPoint, "prompts" | "temperature"> {
  const wins = points.map(({ per_prompt }) => per_prompt.win);
  const golds = points.map(({ per_prompt }) => per_prompt.gold);
  const controlled = points.map(({ length_controlled }) => length_controlled);
  return {
    ...{ win: clusterMean(wins, resampler), winError: clusteredError(wins) },
    ...{ gold: clusterMean(golds, resampler), goldError: clusteredError(golds) },
    length: mean(points.map(({ length }) => length)),
    lengthControlled: controlled.every((rate) => rate !== null)
      ? mean(controlled.map(Number))
      : null,
    invalid: points.reduce((sum, { invalid }) => sum + invalid, 0),
  };
}
