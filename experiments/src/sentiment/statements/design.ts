/** Statements on how a study is set up: its data, its reward model and its grid. */
import { GROUP } from "../../policy/methods/specs.ts";
import {
  type CheckedStudy,
  digits,
  type Finding,
  holdsIf,
  isRecorded,
  type StatementCheck,
} from "../../policy/statements/check.ts";
import type { SentimentSettings } from "../settings.ts";

/** What the paper did, as far as it says. */
const PAPER = {
  completions: 4,
  betas: [0.05, 0.1, 1, 5],
  alphas: [0.05, 0.1, 0.5, 1],
  targets: [3, 6, 9, 12],
  preferredSeeds: 2,
  runs: 22,
  rewardEpochs: 3,
  rewardAccuracy: 0.9,
} as const;

/** Statements 8 to 11. */
export const DESIGN: readonly StatementCheck<SentimentSettings>[] = [
  {
    number: 8,
    text:
      "Prompts have 2 to 8 words or tokens and are in one split only; each has 4 completions and at " +
      "most 6 pairs; ties are left out and counted.",
    where: "experiments/test/sentiment/synthetic/prompts.test.ts",
    check: ({ facts: { settings, preferences } }) => {
      const { completions } = settings.preferences;
      const { goldLabels, pairs, ties } = preferences;
      const most = (goldLabels * (completions - 1)) / 2;
      return holdsIf(
        completions === PAPER.completions && pairs + ties === most,
        `${goldLabels} completions, ${completions} of each prompt: ${pairs} pairs, ${ties} ties.`,
      );
    },
  },
  {
    number: 9,
    text: "The label mode is stated: deterministic, the completion of more gold reward is chosen.",
    where: "experiments/test/sentiment/statements.test.ts",
    check: () => holdsIf(true, "Deterministic, as in the paper; there is no other mode here."),
  },
  {
    number: 10,
    text:
      "The reward model starts as the language model, is trained for at most 3 epochs, kept where " +
      "it is best on held-out prompts, right there on 90 % of pairs, and normalised under the " +
      "reference.",
    where:
      "packages/rlhf/test/reward/reward-model.test.ts, packages/rlhf/test/reward/normalize.test.ts",
    check: ({ facts: { settings, rewardModel } }) => {
      const { epochs } = settings.rewardModel;
      const { accuracy, bestStep, heldOutPairs } = rewardModel;
      return holdsIf(
        epochs <= PAPER.rewardEpochs && bestStep !== null && accuracy >= PAPER.rewardAccuracy,
        `${epochs} epochs, the parameters of step ${bestStep ?? "none"}; right on ` +
          `${digits(100 * accuracy)} % of ${heldOutPairs} held-out pairs.`,
      );
    },
  },
  {
    number: 11,
    text:
      "Sweeps: β in 0.05, 0.1, 1, 5; α in 0.05, 0.1, 0.5, 1; target KL in 3, 6, 9, 12, or those " +
      "scaled to the length of completions; 2 seeds of Preferred-FT or more; PPO on the gold reward " +
      "tuned and untuned: 22 runs of a seed.",
    where: "preflab run --experiment sentiment --list",
    check: sweeps,
  },
];

function sweeps({ results, facts: { settings } }: CheckedStudy<SentimentSettings>): Finding {
  const { dpoBetas, unlikelihoodAlphas, targetKls, preferredSeeds } = settings.grid;
  const isTargets =
    same(targetKls, PAPER.targets) ||
    (targetKls.length === PAPER.targets.length && isRecorded(results, "target KL of PPO"));
  const groups: readonly string[] = [
    ...[results.labels.subject, GROUP.ppo, GROUP.gold, GROUP.untuned],
    ...[GROUP.unlikelihood, GROUP.preferred],
  ];
  const compared = results.runs.filter(({ group }) => groups.includes(group));
  const perSeed = compared.length / settings.seeds;
  const differences = [
    ...(same(dpoBetas, PAPER.betas) ? [] : [`β in ${dpoBetas.join(", ")}`]),
    ...(same(unlikelihoodAlphas, PAPER.alphas) ? [] : [`α in ${unlikelihoodAlphas.join(", ")}`]),
    ...(isTargets ? [] : [`target KL in ${targetKls.join(", ")}`]),
    ...(preferredSeeds >= PAPER.preferredSeeds ? [] : ["one seed of Preferred-FT"]),
    ...(perSeed === PAPER.runs ? [] : [`${perSeed} runs of a seed`]),
  ];
  return holdsIf(
    differences.length === 0,
    differences.length === 0
      ? `${perSeed} runs of each of ${settings.seeds} seeds; target KL in ${targetKls.join(", ")}.`
      : `Not the paper's: ${differences.join("; ")}.`,
  );
}

function same(values: readonly number[], expected: readonly number[]): boolean {
  return values.length === expected.length && expected.every((value) => values.includes(value));
}
