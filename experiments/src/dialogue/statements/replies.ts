/** Statements on what judges say of replies: against those of the data, and on new topics. */
import { GROUP } from "../../policy/methods/specs.ts";
import {
  type CheckedStudy,
  digits,
  type Finding,
  holdsIf,
  notApplicable,
  type StatementCheck,
} from "../../policy/statements/check.ts";
import type { RunResult, StudyResults } from "../../study/results.ts";
import type { JudgedAnalysis } from "../../study/statistics/analysis.ts";
import { mean } from "../../study/statistics/bootstrap.ts";
import type { ShownSetting } from "../../study/statistics/judged.ts";
import type { AgainstRival, Judged } from "../../study/statistics/preference.ts";
import { BASE } from "../grid.ts";

/** What the paper measured. */
const PAPER = {
  temperatures: [0, 0.25, 0.5, 0.7, 1],
  ns: [1, 4, 16, 64, 128],
  groups: [
    ...[BASE, GROUP.fewShot, GROUP.preferred, GROUP.bestOfN, GROUP.ppo, GROUP.dpo],
  ] as readonly string[],
  /** Of the two methods on another distribution. */
  newTemperatures: [0, 0.25],
} as const;

/** Statements 20 and 21. */
export const REPLIES: readonly StatementCheck[] = [
  {
    number: 20,
    text:
      "The reference is Preferred-FT. Win rates against the chosen replies are measured at " +
      "temperatures 0, 0.25, 0.5, 0.7 and 1 for the base, few-shot, Preferred-FT, best-of-N, PPO " +
      "and DPO, and over training; best-of-N at 1, 4, 16, 64 and 128. Judges see replies in both " +
      "orders; how far they agree is measured.",
    where:
      "experiments/test/policy/stages/replies.test.ts, " +
      "experiments/test/policy/comparison/panel.test.ts, the figures of win rates",
    check: winRates,
  },
  {
    number: 21,
    text:
      "Replies to prompts on topics that no preference is about are compared at temperatures 0 and " +
      "0.25, with standard errors.",
    where:
      "experiments/test/dialogue/synthetic/prompts.test.ts, " +
      "experiments/test/policy/comparison/points.test.ts, the table of new topics",
    check: newTopics,
  },
];

function winRates({ results, analysis: { judged } }: CheckedStudy): Finding {
  if (!judged) return notApplicable("No replies were compared.");
  const missing = missingParts(results, judged);
  const against = judged.againstData.find(({ prompts }) => prompts === "test");
  if (!against) return holdsIf(false, `Not measured: ${missing.join("; ")}.`);
  const { setting, temperatures, each, overall } = against;
  const rates = each.map((rate, i) => `${interval(rate)} at T ${temperatures[i]}`);
  const best = each.reduce((most, rate) => (rate.mean > most.mean ? rate : most));
  const spread = Math.max(...each.map((rate) => rate.mean)) - Math.min(...each.map((r) => r.mean));
  const rivals = [GROUP.bestOfN, GROUP.ppo].flatMap(
    (group) => judged.againstRivals.find(({ rival }) => rival.group === group) ?? [],
  );
  return holdsIf(
    missing.length === 0,
    [
      missing.length === 0 ? "All measured." : `Not measured: ${missing.join("; ")}.`,
      `${setting.label} against the chosen replies: ${rates.join(", ")}; ${interval(overall)} over ` +
        `all, ${worded(overall, "chosen replies")}.`,
      `Its best is ${best.low > 0.5 ? "above" : best.high < 0.5 ? "below" : "not apart from"} 0.5; ` +
        `temperatures are up to ${digits(spread)} apart.`,
      ...rivals.map(againstRival),
      overTraining(setting, results.runs),
      ...judgesOf(results),
    ].join(" "),
  );
}

/** What the paper measured and this study did not. */
function missingParts(
  { labels, runs, best_of_n: bestOfN, comparisons }: StudyResults,
  { shown }: JudgedAnalysis,
): string[] {
  const lacking = PAPER.groups.flatMap((group) => {
    const points = shown.find((setting) => setting.group === group)?.points ?? [];
    const test = points.filter(({ prompts }) => prompts === "test");
    const known = test.map(({ temperature }) => temperature);
    const left = PAPER.temperatures.filter((temperature) => !known.includes(temperature));
    return left.length === 0 ? [] : [`${group} at T ${left.join(", ")}`];
  });
  const isJudged = (n: number) =>
    bestOfN.some((point) => point.n === n && point.win_rate !== undefined);
  const ns = PAPER.ns.filter((n) => !isJudged(n));
  const isRated = runs.every(({ evaluations }) =>
    evaluations.every(({ win_rate }) => win_rate !== undefined),
  );
  return [
    ...(labels.reference === GROUP.preferred ? [] : [`${labels.reference} is the reference`]),
    ...lacking,
    ...(ns.length === 0 ? [] : [`best-of-N at N ${ns.join(", ")}`]),
    ...(isRated ? [] : ["win rates over training"]),
    ...((comparisons?.agreement ?? []).length > 0 ? [] : ["agreement of judges"]),
  ];
}

function againstRival({ subject, rival, overall }: AgainstRival): string {
  return (
    `${subject.group} less ${rival.label}: ${interval(overall)}, ` +
    `${worded(overall, rival.group)}.`
  );
}

/** Means over seeds at each evaluation of a setting's runs, at temperature 1. */
function overTraining({ policies }: ShownSetting, runs: readonly RunResult[]): string {
  const own = runs.filter(({ id }) => policies.some((policy) => policy.id === id));
  const steps = own[0]?.evaluations.map(({ step }) => step) ?? [];
  const rates = steps.flatMap((step) => {
    const at = own.flatMap(
      ({ evaluations }) => evaluations.find((one) => one.step === step)?.win_rate ?? [],
    );
    return at.length === own.length ? [`${digits(mean(at))} at step ${step}`] : [];
  });
  return `Over training, at T 1: ${rates.join(", ") || "not measured"}.`;
}

/** Of each two names the lowest and the highest agreement; its table has them all, with intervals. */
function judgesOf({ comparisons }: StudyResults): string[] {
  const { agreement = [], position_bias: biases = [] } = comparisons ?? {};
  const byNames = new Map<string, number[]>();
  for (const { first, second, agreement: share } of agreement) {
    const names = `${first} with ${second}`;
    byNames.set(names, [...(byNames.get(names) ?? []), share.mean]);
  }
  const agreements = [...byNames].map(
    ([names, rates]) => `${names} ${digits(Math.min(...rates))} to ${digits(Math.max(...rates))}`,
  );
  const firsts = biases.map(
    ({ judge, first_preferred: share }) => `${judge} ${digits(100 * share.mean)} %`,
  );
  return [
    ...(agreements.length > 0 ? [`Agreement: ${agreements.join("; ")}.`] : []),
    ...(firsts.length > 0
      ? [`Share of choices for what was seen first: ${firsts.join(", ")}.`]
      : []),
  ];
}

function newTopics({ analysis: { judged } }: CheckedStudy): Finding {
  const settings = [GROUP.dpo, GROUP.ppo].flatMap(
    (group) => judged?.shown.find((setting) => setting.group === group) ?? [],
  );
  const found = settings.map(({ label, points }) => ({
    label,
    points: points.filter(({ prompts }) => prompts === "new topics"),
  }));
  if (found.every(({ points }) => points.length === 0)) {
    return notApplicable("The task has no prompts on topics that preferences are not about.");
  }
  const isWhole = found.every(({ points }) =>
    PAPER.newTemperatures.every((wanted) =>
      points.some(({ temperature }) => temperature === wanted),
    ),
  );
  const said = found.map(({ label, points }) => {
    const rates = points.map(
      ({ temperature, win, winError }) =>
        `${digits(win.mean)} ± ${digits(winError)} at T ${temperature}`,
    );
    return `${label}: ${rates.join(", ")}`;
  });
  return holdsIf(
    found.length === 2 && isWhole,
    `Win rates with standard errors on new topics. ${said.join("; ")}.`,
  );
}

function interval({ mean: value, low, high }: Pick<Judged, "mean" | "low" | "high">): string {
  return `${digits(value)} (${digits(low)} to ${digits(high)})`;
}

function worded({ preference }: Judged, rival: string): string {
  switch (preference) {
    case "preferred":
      return `above ${rival}`;
    case "not preferred":
      return `below ${rival}`;
    case "undecided":
      return `not apart from ${rival}`;
  }
}
