/** Results of every setting of every method over its seeds. */
import {
  finalEvaluation,
  groupsOf,
  type RunResult,
  type StudyResults,
  settingOf,
} from "../results.ts";
import { clusterMean, type Estimate, mean, type Resampler } from "./bootstrap.ts";

/** A method with one setting. */
export interface SettingSummary {
  readonly group: string;
  readonly label: string;
  /** The label without the group. */
  readonly setting: string;
  /** By ascending seed; failed runs too. */
  readonly runs: readonly RunResult[];
  /** Of final evaluations, over seeds and test prompts. Null when all runs failed. */
  readonly gold: Interval | null;
  readonly kl: Interval | null;
}

/** A mean, with an interval where there are numbers per prompt. */
export interface Interval {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Settings in the order of groups, and within a group of their knobs. */
export function settingSummaries(
  results: Pick<StudyResults, "labels" | "runs">,
  resampler: Resampler,
): SettingSummary[] {
  return groupsOf(results).flatMap((group) => {
    const byLabel = new Map<string, RunResult[]>();
    for (const run of results.runs) {
      if (run.group === group) byLabel.set(run.label, [...(byLabel.get(run.label) ?? []), run]);
    }
    return [...byLabel.values()]
      .sort(([a], [b]) => compareKnobs(a, b))
      .map((runs) => {
        const [{ label }] = runs as [RunResult];
        const sorted = [...runs].sort((a, b) => a.seed - b.seed);
        return {
          ...{ group, label, setting: settingOf({ label, group }), runs: sorted },
          ...{ gold: over(sorted, "gold", resampler), kl: over(sorted, "kl", resampler) },
        };
      });
  });
}

function over(
  runs: readonly RunResult[],
  name: "gold" | "kl",
  resampler: Resampler,
): Interval | null {
  const finals = runs.map(finalEvaluation).filter((evaluation) => evaluation !== undefined);
  if (finals.length === 0) return null;
  const perPrompt = finals.flatMap(({ per_prompt }) => (per_prompt ? [per_prompt[name]] : []));
  if (perPrompt.length === finals.length) {
    const { low, high }: Estimate = clusterMean(perPrompt, resampler);
    return { mean: mean(finals.map((evaluation) => evaluation[name])), low, high };
  }
  return { mean: mean(finals.map((evaluation) => evaluation[name])), low: null, high: null };
}

/** By numbers of target KL and knobs, in the order of the knobs' names; then by label. */
function compareKnobs(a: RunResult | undefined, b: RunResult | undefined): number {
  const [left, right] = [knobNumbers(a), knobNumbers(b)];
  for (const [i, x] of left.entries()) {
    const y = right[i];
    if (y !== undefined && x !== y) return x - y;
  }
  return (a?.label ?? "") < (b?.label ?? "") ? -1 : 1;
}

function knobNumbers(run: RunResult | undefined): number[] {
  const names = Object.keys(run?.knobs ?? {}).sort();
  const knobs = names.map((name) => run?.knobs[name]).filter((x) => typeof x === "number");
  return run?.target_kl === undefined ? knobs : [run.target_kl, ...knobs];
}
