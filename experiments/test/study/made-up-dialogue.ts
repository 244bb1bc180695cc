/**
 * Made-up results of a study whose replies were judged, for tests of statistics, figures and reports
 * only: policies of {@link madeUpResults} with win rates from simple curves and a seed.
 */
import { RandomStream } from "@preflab/lm";
import { LABELS } from "../../src/dialogue/labels.ts";
import type {
  ComparedPoint,
  ComparedPolicy,
  ComparedSample,
  Comparisons,
} from "../../src/study/comparisons.ts";
import type { RunResult, StudyResults } from "../../src/study/results.ts";
import { madeUpResults, normals } from "./made-up.ts";

/** What judged results are made up. */
export interface MadeUpDialogueOptions {
  readonly seeds?: number;
  readonly prompts?: number;
  /** Win rates of groups at temperature 1 on test prompts, but for noise and what knobs take off. */
  readonly rates?: Readonly<Record<string, number>>;
}

/** Sampling temperatures of the comparisons. */
export const TEMPERATURES: readonly number[] = [0, 0.25, 0.5, 0.7, 1];

const REFERENCE = "Preferred-FT";

/** Win rate at temperature 1, and how much less it is for each degree that is missing. */
const CURVES: Readonly<Record<string, readonly [rate: number, slope: number]>> = {
  ...{ DPO: [0.62, 0.08], PPO: [0.55, 0.02], "PPO-GT": [0.585, 0.04] },
  ...{ [REFERENCE]: [0.47, -0.06], "Best of N": [0.63, 0.04] },
  ...{ Base: [0.18, -0.16], "Few-shot": [0.27, -0.12] },
};

/** How much lower win rates are on new topics. */
const NEW_TOPICS = 0.07;

/** Spread over prompts, of which half is the same for all policies, and over seeds. */
const PROMPT_NOISE = 0.2;
const SEED_NOISE = 0.012;

/** Results with everything that judges may say; equal options give equal results. */
export function madeUpDialogue({
  seeds = 3,
  prompts = 48,
  rates = {},
}: MadeUpDialogueOptions = {}): StudyResults {
  const made = madeUpResults({ seeds, prompts });
  const [sft] = made.runs;
  const trained = made.runs.filter(({ group }) => ["DPO", "PPO", "PPO-GT"].includes(group));
  const base = {
    ...(sft as RunResult),
    ...{ id: "run/backbone-seed0", method: "backbone", label: "Base", group: "Base" },
  };
  const reference = { ...(sft as RunResult), group: REFERENCE, label: `${REFERENCE} (reference)` };
  const runs = [reference, ...trained, base].map(withWinRates);
  const judged = [...runs.map(policyOf), ...WITHOUT_RUNS];
  return {
    ...{ ...made, experiment: "dialogue", runs, seeds: made.seeds },
    labels: { ...LABELS, about: made.labels.about, groups: Object.keys(CURVES) },
    best_of_n: made.best_of_n.map((point) => {
      const rate = 0.62 - 0.14 / point.n - (point.by === "learned" ? 0.01 * Math.log(point.n) : 0);
      return { ...point, win_rate: rate, win_rate_error: 0.014 };
    }),
    comparisons: {
      ...JUDGES,
      policies: judged.map((policy) => ({
        ...policy,
        points: pointsOf(policy, prompts, rates),
        samples: samplesOf(policy),
      })),
    },
  };
}

type Named = Pick<ComparedPolicy, "id" | "label" | "group" | "seed">;

/** Policies that are no runs. */
const WITHOUT_RUNS: readonly Named[] = [
  { id: "best-of-n", label: "Best of N, N = 64", group: "Best of N", seed: 0 },
  { id: "few-shot", label: "Few-shot", group: "Few-shot", seed: 0 },
];

function policyOf({ id, label, group, seed }: RunResult): Named {
  return { id, label, group, seed };
}

function withWinRates(run: RunResult): RunResult {
  return {
    ...run,
    evaluations: run.evaluations.map((evaluation) => ({
      ...evaluation,
      win_rate: 0.44 + 0.32 * (evaluation.gold - 0.34),
      win_rate_error: 0.02,
      validation: { gold: evaluation.gold, kl: evaluation.kl },
    })),
  };
}

function pointsOf(
  { id, group, label, seed }: Named,
  prompts: number,
  rates: MadeUpDialogueOptions["rates"],
): ComparedPoint[] {
  const [own, slope] = CURVES[group] as readonly [number, number];
  const stream = new RandomStream(seed, `made-up/${id}`);
  const [shift] = normals(stream, 1, SEED_NOISE) as [number];
  // Knobs far from 1 are a little worse.
  const knob = Number(/[\d.]+$/.exec(label)?.[0] ?? 1);
  const rate = (rates?.[group] ?? own) - 0.03 * Math.abs(Math.log10(knob)) + shift;
  return (["test", "new topics"] as const).flatMap((kind) =>
    TEMPERATURES.map((temperature) => {
      const mean = rate - slope * (1 - temperature) ** 2 - (kind === "test" ? 0 : NEW_TOPICS);
      const win = around(mean, stream, prompts);
      const gold = around(mean - 0.05, stream, prompts);
      return {
        ...{ prompts: kind, temperature, win_rate: average(win), win_rate_error: 0.03 },
        ...{ gold: average(gold), gold_error: 0.02, length: 14 + 20 * (mean - 0.4) },
        length_controlled: mean - 0.03,
        ...{ invalid: group === "Base" ? 2 : 0, per_prompt: { win, gold } },
      };
    }),
  );
}

/** Numbers from 0 to 1 with about this mean, some of them always higher than others. */
function around(mean: number, stream: RandomStream, count: number): number[] {
  const shared = normals(new RandomStream(11, "made-up/prompts"), count, PROMPT_NOISE);
  const shift = average(shared);
  return normals(stream, count, PROMPT_NOISE).map((x, p) =>
    Math.min(1, Math.max(0, mean + x + (shared[p] as number) - shift)),
  );
}

function average(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

function samplesOf({ group }: Named): ComparedSample[] {
  const reply = group === "Base" ? "the the museum opens opens" : "it opens at nine .";
  return [
    {
      prompt: "Human: when does the museum open ?\n\nAssistant:",
      ...{ reply, rival: "the museum opens at nine every day .", preference: 0.5 },
    },
    {
      prompt: "Human: who built the bridge ?\n\nAssistant:",
      ...{ reply: `${reply} <end> & more`, rival: "it was built by ada .", preference: null },
    },
  ];
}

const share = (mean: number, half: number, count: number) => ({
  ...{ mean, low: mean - half, high: mean + half, count },
});

const JUDGES: Omit<Comparisons, "policies"> = {
  judge: {
    name: "made-up preference model",
    about: "A model of preferences that was trained on pairs which no method has seen.",
    accuracy: share(0.64, 0.03, 1200),
  },
  agreement: (["DPO against PPO", "Preferred-FT against PPO"] as const).flatMap((pairs, i) => [
    {
      ...{
        pairs,
        first: "S (likes length)",
        second: "gold",
        agreement: share(0.7 + i / 20, 0.05, 272),
      },
      ...{ first_rate: 0.47, second_rate: 0.58 },
    },
    {
      ...{
        pairs,
        first: "C (concise)",
        second: "gold",
        agreement: share(0.78 + i / 50, 0.04, 272),
      },
      ...{ first_rate: 0.54, second_rate: 0.58 },
    },
  ]),
  position_bias: [
    { judge: "S (likes length)", first_preferred: share(0.58, 0.03, 1088) },
    { judge: "C (concise)", first_preferred: share(0.51, 0.03, 1088) },
  ],
};
