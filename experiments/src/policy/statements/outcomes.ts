/** Statements on what came out: estimators, the limit, comparisons and what may go wrong. */

import {
  type Evaluation,
  finalEvaluation,
  type RunResult,
  type StudyResults,
} from "../../study/results.ts";
import { mean } from "../../study/statistics/bootstrap.ts";
import { limitAt } from "../../study/statistics/limit.ts";
import { GROUP } from "../methods/specs.ts";
import {
  type CheckedStudy,
  digits,
  type Finding,
  holdsIf,
  notApplicable,
  type StatementCheck,
} from "./check.ts";
import { listedBestOfN, listedEstimators, listedLimit, withListed } from "./listed.ts";

/** Standard errors within which estimators agree. */
const ERRORS = 3;

/** Share of evaluations that may be further apart by chance: 0.3 % are with normal errors. */
const CHANCE = 0.01;

/** Rounding of a KL that is 0. */
const ROUNDING = 1e-6;

/** KL at which limits are compared, nats. */
const COMPARED_KL = [1, 2, 3, 4];

/** Two-sided normal quantile of a 95 % interval. */
const Z95 = 1.959963984540054;

/** Seeds that intervals over seeds need. */
const SEEDS = 5;

/** Statements 5 to 7, 16 to 19, and 23. */
export const OUTCOMES: readonly StatementCheck[] = [
  {
    number: 5,
    text:
      "Sampled estimators of KL agree with the exact sum over the vocabulary within 3 standard " +
      "errors, and the exact one is never negative. Where all completions can be listed, rewards " +
      "and both estimators agree with the enumeration.",
    where:
      "experiments/test/enumerable/estimators.test.ts, the table of what was enumerated, in the report on sentiment",
    check: ({ results }) => withListed(estimators(results), results.enumeration, listedEstimators),
  },
  {
    number: 6,
    text: "No policy is above the limit by more than its interval.",
    where:
      "experiments/test/enumerable/exact.test.ts, experiments/test/policy/reward-limit.test.ts, " +
      "the table of what was enumerated, in the report on sentiment",
    check: (study) => withListed(withinLimit(study), study.results.enumeration, listedLimit),
  },
  {
    number: 7,
    text: "Best-of-n is on or below the limit, and its KL is at most log n - (n - 1) / n.",
    where:
      "experiments/test/enumerable/exact.test.ts, packages/rlhf/test/best-of-n/bounds.test.ts, " +
      "the table of what was enumerated, in the report on sentiment",
    check: ({ results }) => withListed(bestOfN(results), results.enumeration, listedBestOfN),
  },
  {
    number: 16,
    text:
      "There are 5 seeds or more, paired intervals of rewards at fixed KL and an interval of the " +
      "hypervolume. One method dominates another only where the interval excludes 0 at every KL.",
    where: "experiments/test/study/statistics/compare.test.ts, the verdict",
    check: ({ results: { seeds }, analysis: { comparisons, volume } }) => {
      const outcomes = comparisons.map(
        ({ subject, rival, outcome, differences }) =>
          `${subject} against ${rival}: ${outcome} at ${differences.length} KL values`,
      );
      const isComparable = comparisons.some(({ differences }) => differences.length > 0);
      return holdsIf(
        seeds.length >= SEEDS && isComparable && volume !== null,
        [`${seeds.length} seeds`, ...outcomes].join("; ").concat("."),
      );
    },
  },
  {
    number: 17,
    text: "At the same number of steps, the final KL of DPO falls with β.",
    where: "experiments/test/study/statistics/trend.test.ts, the figure of β against final KL",
    check: ({ results: { labels }, analysis: { trends } }) => {
      const found = trends.find(({ group, knob }) => group === labels.subject && knob === "beta");
      if (!found) return notApplicable("It takes three values of β.");
      const { monotone, seeds, tau, p } = found;
      return holdsIf(
        monotone === seeds,
        `Strictly for ${monotone} of ${seeds} seeds; Kendall's τ ${digits(tau)}, p = ${digits(p)}.`,
      );
    },
  },
  {
    number: 18,
    text:
      "What Unlikelihood does to the language at high α, and at which KL Preferred-FT stays, are " +
      "measured.",
    where: "preflab sweep --experiment sentiment",
    check: ({ results }) => sideEffects(results),
  },
  {
    number: 19,
    text:
      "Over-optimisation, a gold reward that falls as KL rises, is tested for DPO and for PPO, " +
      "beside the log-probability of chosen texts, length and the rate of ends.",
    where: "experiments/test/study/statistics/analysis.test.ts, the figure of over-optimisation",
    check: overOptimisation,
  },
  {
    number: 23,
    text:
      "A result against the paper's claim passes all checks and is shown like any other, with the " +
      "gap to the limit.",
    where: "experiments/test/study/report/report.test.ts, the verdict",
    check: adverse,
  },
];

function estimators({ runs }: StudyResults): Finding {
  const all = runs.flatMap(({ evaluations }) => evaluations);
  if (all.length === 0) return notApplicable("There are no evaluations.");
  const negative = all.filter(({ kl }) => kl < -ROUNDING).length;
  const known = all.filter(
    ({ kl_k1_error: k1, kl_k3_error: k3 }) => k1 !== undefined && k3 !== undefined,
  );
  const apart = (name: "kl_k1" | "kl_k3") =>
    known.filter((evaluation) => {
      const errors = Math.hypot(evaluation.kl_error, evaluation[`${name}_error`] ?? 0);
      return Math.abs(evaluation[name] - evaluation.kl) > ERRORS * errors + ROUNDING;
    }).length;
  const [k1, k3] = [apart("kl_k1"), apart("kl_k3")];
  const most = Math.ceil(CHANCE * known.length);
  return holdsIf(
    negative === 0 && known.length === all.length && Math.max(k1, k3) <= most,
    `Of ${all.length} evaluations ${negative} have a negative KL; of ${known.length} with errors, ` +
      `k1 is further apart in ${k1} and k3 in ${k3}, where chance allows ${most}.`,
  );
}

function withinLimit({ results, analysis: { above } }: CheckedStudy): Finding {
  const { limit, runs } = results;
  const all = runs.flatMap(({ evaluations }) => evaluations);
  const compared = all.filter(({ kl }) => limitAt(limit, kl) !== null).length;
  if (compared === 0) return notApplicable("The limit is not known at the KL of any policy.");
  const named = above.map(({ id, step, excess }) => `${id} at ${step} by ${digits(excess)}`);
  return holdsIf(
    above.length === 0,
    `${compared} of ${all.length} evaluations are where the limit is known; ` +
      `${named.length === 0 ? "none is above it" : `above it: ${named.join(", ")}`}.` +
      besideLanguage(results),
  );
}

/** The limit of the reference beside that of the language that it approximates. */
function besideLanguage({ limit, language_limit: language = [] }: StudyResults): string {
  const compared = COMPARED_KL.flatMap((kl) => {
    const [own, exact] = [limitAt(limit, kl), limitAt(language, kl)];
    return own === null || exact === null ? [] : [`${digits(own)} (${digits(exact)}) at KL ${kl}`];
  });
  return compared.length === 0
    ? ""
    : ` The limit, and in brackets the exact one of the language: ${compared.join(", ")}.`;
}

function bestOfN({ best_of_n: points, limit }: StudyResults): Finding {
  const compared = points.flatMap((point) => {
    const most = limitAt(limit, point.kl_bound);
    return most === null ? [] : [{ ...point, excess: point.gold - Z95 * point.gold_error - most }];
  });
  if (compared.length === 0) return notApplicable("The limit is not known at any of these KL.");
  const above = compared.filter(({ excess }) => excess > 0);
  const beyond = points.filter(({ kl_exact, kl_bound }) => (kl_exact ?? 0) > kl_bound + ROUNDING);
  const named = above.map(({ n, by, excess }) => `n = ${n} by ${by}, ${digits(excess)}`);
  return holdsIf(
    above.length + beyond.length === 0,
    `${compared.length} of ${points.length} points are where the limit is known; ` +
      `${named.length === 0 ? "none is above it" : `above it: ${named.join("; ")}`}` +
      `${beyond.length === 0 ? "" : `; ${beyond.length} beyond the bound of KL`}.`,
  );
}

function sideEffects({ runs, labels }: StudyResults): Finding {
  const of = (group: string) => runs.filter((run) => run.group === group);
  const [unlikelihood, preferred] = [of(GROUP.unlikelihood), of(GROUP.preferred)];
  const alphas = [...new Set(unlikelihood.map(({ knobs }) => Number(knobs["alpha"])))];
  if (alphas.length < 2 || preferred.length === 0) {
    return notApplicable("It takes two values of α, and Preferred-FT.");
  }
  const [low, high] = [Math.min(...alphas), Math.max(...alphas)];
  const language = (some: readonly RunResult[]) => digits(mean(some.flatMap(languageOf)));
  const at = (alpha: number) => unlikelihood.filter(({ knobs }) => knobs["alpha"] === alpha);
  const reference = of(labels.reference);
  const kls = preferred.map(({ evaluations }) => evaluations.slice(-2).map(({ kl }) => kl));
  const isMeasured = kls.every((pair) => pair.length === 2) && reference.length > 0;
  const [before, after] = [0, 1].map((i) => mean(kls.map((pair) => pair[i] ?? 0)));
  const isValidity = reference.some((run) => finalEvaluation(run)?.validity !== undefined);
  return holdsIf(
    isMeasured,
    `${isValidity ? "Share of valid texts" : "Distinct pairs of tokens"}: reference ` +
      `${language(reference)}, Unlikelihood ${language(at(low))} at α = ${low} and ` +
      `${language(at(high))} at α = ${high}. KL of Preferred-FT at its last two evaluations: ` +
      `${digits(before ?? 0)}, ${digits(after ?? 0)}.`,
  );
}

/** Validity where it is known, else variety. */
function languageOf(run: RunResult): number[] {
  const final = finalEvaluation(run);
  return final ? [final.validity ?? final.distinct_2] : [];
}

function overOptimisation({ results, analysis }: CheckedStudy): Finding {
  const groups: readonly string[] = [results.labels.subject, GROUP.ppo];
  const tests = analysis.overOptimisation.filter(({ group }) => groups.includes(group));
  const isWhole = ({ chosen_logp, proxy }: Evaluation) =>
    chosen_logp !== undefined && proxy !== undefined;
  const evaluations = results.runs
    .filter(({ group }) => groups.includes(group))
    .flatMap((run) => run.evaluations);
  const found = tests.map(
    ({ group, outcome, gold, bestKl, mostKl }) =>
      `${group}: ${outcome}, gold reward ${digits(gold.mean)} ` +
      `(${digits(gold.low)} to ${digits(gold.high)}) from KL ${digits(bestKl)} to ${digits(mostKl)}`,
  );
  return holdsIf(
    tests.length === groups.length && evaluations.every(isWhole),
    found.length === 0 ? "Not tested: each takes two policies of a seed." : `${found.join("; ")}.`,
  );
}

function adverse({ results, analysis }: CheckedStudy): Finding {
  const { subject, rivals } = results.labels;
  const present = rivals.filter((rival) => results.runs.some(({ group }) => group === rival));
  const gapOf = (group: string) => {
    const gap = analysis.gaps.find((entry) => entry.group === group)?.gaps.at(-1);
    return gap ? `${digits(gap.mean)} below the limit at KL ${gap.kl}` : "no known limit at its KL";
  };
  const found = analysis.comparisons.map(
    ({ rival, outcome }) => `${subject} against ${rival}: ${outcome} (${rival} ${gapOf(rival)})`,
  );
  return holdsIf(
    present.length > 0 && analysis.comparisons.length === present.length,
    `${subject}: ${gapOf(subject)}. ${found.join("; ")}.`,
  );
}
