/**
 * Made-up results in the shape of real ones, for tests of statistics, figures and reports only. All
 * numbers come from simple curves and a seed; none was measured.
 */
import { RandomStream } from "@preflab/lm";
import { LABELS } from "../../src/sentiment/labels.ts";
import type {
  BestOfNPoint,
  Evaluation,
  LimitSample,
  RunResult,
  StudyResults,
} from "../../src/study/results.ts";

/** What results are made up. */
export interface MadeUpOptions {
  readonly seeds?: number;
  readonly prompts?: number;
  /** Share of the limit's gain that methods reach at their KL. */
  readonly efficiency?: Readonly<Record<string, number>>;
  /** Deviation of a seed's reward. */
  readonly seedNoise?: number;
}

const REFERENCE = 0.34;

const EFFICIENCY: Readonly<Record<string, number>> = {
  ...{ DPO: 0.82, IPO: 0.8, cDPO: 0.78, PPO: 0.6, "PPO-GT": 0.7, "PPO-GT (untuned)": 0.5 },
  ...{ Unlikelihood: 0.3, "Preferred-FT": 0.55 },
};

/** Group, method, knob with its symbol and values, final KL and over-optimisation of each value. */
const GRID: readonly {
  group: string;
  method: string;
  knob: string;
  symbol: string;
  values: readonly number[];
  kls: readonly number[];
  fall?: number;
}[] = [
  {
    group: "DPO",
    method: "dpo",
    knob: "beta",
    symbol: "β",
    values: [0.05, 0.1, 1, 5],
    kls: [7.8, 5.1, 1.2, 0.22],
    fall: 0.16,
  },
  {
    group: "IPO",
    method: "ipo",
    knob: "beta",
    symbol: "τ",
    values: [0.05, 0.1, 1, 5],
    kls: [3.9, 2.8, 0.6, 0.1],
  },
  { group: "cDPO", method: "cdpo", knob: "beta", symbol: "β", values: [0.1], kls: [3.6] },
  {
    group: "PPO",
    method: "ppo",
    knob: "target_kl",
    symbol: "target KL",
    values: [3, 6, 9, 12],
    kls: [2.7, 5.2, 8.3, 10.6],
    fall: 0.2,
  },
  {
    group: "PPO-GT",
    method: "ppo-gt",
    knob: "target_kl",
    symbol: "target KL",
    values: [3, 6, 9, 12],
    kls: [2.9, 5.7, 8.6, 11.3],
  },
  {
    group: "PPO-GT (untuned)",
    method: "ppo-gt-untuned",
    knob: "target_kl",
    symbol: "target KL",
    values: [3, 6, 9, 12],
    kls: [2.2, 4.1, 6.4, 13.2],
  },
  {
    group: "Unlikelihood",
    method: "unlikelihood",
    knob: "alpha",
    symbol: "α",
    values: [0.05, 0.1, 0.5, 1],
    kls: [1.3, 1.9, 6.5, 41],
  },
  {
    group: "Preferred-FT",
    method: "preferred-ft",
    knob: "repeat",
    symbol: "seed",
    values: [1, 2],
    kls: [0.42, 0.45],
  },
];

/** A limit that saturates, as logistic rewards do. */
export function madeUpLimit(kl: number): number {
  return REFERENCE + 0.65 * (1 - Math.exp(-0.55 * Math.sqrt(2 * kl) - 0.3 * kl));
}

/** Made-up results; equal options give equal results. */
export function madeUpResults({
  seeds = 3,
  prompts = 64,
  efficiency = {},
  seedNoise = 0.012,
}: MadeUpOptions = {}): StudyResults {
  const shares = { ...EFFICIENCY, ...efficiency };
  const difficulty = normals(new RandomStream(7, "made-up/prompts"), prompts, 0.08);
  const runs: RunResult[] = [referenceRun(difficulty)];
  for (let seed = 0; seed < seeds; seed++) {
    for (const row of GRID) {
      for (const [i, value] of row.values.entries()) {
        runs.push(
          madeUpRun(row, i, value, seed, shares[row.group] as number, difficulty, seedNoise),
        );
      }
    }
  }
  const isFailed = ({ id }: RunResult) => id === "run/unlikelihood-1-seed0";
  return {
    version: 1,
    experiment: "sentiment",
    preset: "made-up",
    seeds: Array.from({ length: seeds }, (_, s) => s),
    labels: {
      ...LABELS,
      about: "Numbers that a test made up to draw figures with. They are no result of anything.",
    },
    task: { entropy: 1.93, reference_reward: REFERENCE, vocabulary: 137 },
    config: { backbone: { layers: 2, width: 64 }, batch: 64, label: "deterministic" },
    code: "made-up",
    deviations: [
      {
        item: "Completion length",
        paper: "about 60 tokens",
        here: "24 tokens",
        why: "The grammar's reviews are short.",
      },
    ],
    limit: madeUpLimits(),
    runs: runs.map((run) =>
      isFailed(run) ? { ...run, status: "collapsed", note: "EOS is gone" } : run,
    ),
    best_of_n: [1, 2, 4, 8, 16, 32, 64, 128].flatMap((n) => bestOf(n)),
    statements: [
      {
        number: 1,
        text: "Loss is ln 2 at step 0.",
        where: "packages/dpo/test/theory",
        outcome: "holds",
        detail: "0.693147",
      },
      {
        number: 17,
        text: "The final KL falls monotonically in beta.",
        where: "this report",
        outcome: "fails",
        detail: 'one seed of five <is> "not" monotone & says so',
      },
    ],
  };
}

function madeUpLimits(): LimitSample[] {
  const kls = Array.from({ length: 61 }, (_, i) => (i / 60) ** 2 * 20);
  return kls.map((kl) => ({ kl, reward: madeUpLimit(kl), kind: "exact" }));
}

function bestOf(n: number): BestOfNPoint[] {
  const kl = Math.log(n) - (n - 1) / n;
  return (["learned", "gold"] as const).map((by) => {
    const share = by === "gold" ? 0.93 : 0.8 - 0.04 * Math.log(n);
    const gold = REFERENCE + share * (madeUpLimit(kl) - REFERENCE);
    return { n, gold, gold_error: 0.01, proxy: 0.9 * Math.log(n), kl_bound: kl, by };
  });
}

function referenceRun(difficulty: readonly number[]): RunResult {
  const stream = new RandomStream(0, "made-up/reference");
  return {
    ...{ id: "run/sft", method: "sft", label: "SFT", group: "SFT", knobs: {}, seed: 0 },
    evaluations: [evaluation(stream, 0, 0, 0, REFERENCE, difficulty, true)],
    costs: costs(0),
    samples: samples(0),
    status: "ok",
  };
}

function madeUpRun(
  { group, method, knob, symbol, kls, fall = 0 }: (typeof GRID)[number],
  index: number,
  value: number,
  seed: number,
  share: number,
  difficulty: readonly number[],
  seedNoise: number,
): RunResult {
  const id = `run/${method}-${value}-seed${seed}`;
  const stream = new RandomStream(seed, `made-up/${id}`);
  const [shift] = normals(stream, 1, seedNoise) as [number];
  const finalKl = (kls[index] as number) * Math.exp(normals(stream, 1, 0.08)[0] as number);
  const steps = 8;
  const evaluations = Array.from({ length: steps + 1 }, (_, k) => {
    const progress = 1 - Math.exp((-3 * k) / steps);
    const kl = (finalKl * progress) / (1 - Math.exp(-3));
    const beyond = Math.max(0, kl - 4) / 8;
    const gain = share * (madeUpLimit(kl) - REFERENCE) - fall * beyond;
    const noise = k === 0 ? 0 : shift;
    const reward = Math.max(0.05, REFERENCE + gain + noise);
    const isFinal = k === steps;
    return evaluation(stream, k * 100, k * 6400, kl, reward, difficulty, isFinal);
  });
  const isTarget = knob === "target_kl";
  return {
    ...{ id, method, group, label: `${group}, ${symbol} = ${value}`, seed },
    knobs: { [knob]: value },
    evaluations,
    ...(isTarget && { target_kl: value }),
    costs: costs(index + 1),
    samples: samples(finalKl),
    status: "ok",
  };
}

function evaluation(
  stream: RandomStream,
  step: number,
  examples: number,
  kl: number,
  reward: number,
  difficulty: readonly number[],
  isFinal: boolean,
): Evaluation {
  const noise = normals(stream, difficulty.length, 0.06);
  const gold = difficulty.map((d, i) =>
    Math.min(1, Math.max(0, reward + d + (noise[i] as number))),
  );
  const kls = normals(stream, difficulty.length, 0.25).map((x) => kl * Math.exp(x));
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  return {
    ...{ step, examples, gold: mean(gold), gold_error: 0.01, kl: mean(kls), kl_error: 0.03 * kl },
    proxy: 1.1 * Math.sqrt(kl) + 2 * (reward - REFERENCE),
    ...{ kl_k1: kl * 1.02, kl_k3: kl * 0.99, length: 22 - 0.3 * kl, eos_rate: 0.98 - 0.01 * kl },
    ...{ validity: Math.max(0, 0.99 - 0.02 * kl), distinct_2: 0.6 - 0.03 * Math.sqrt(kl) },
    chosen_logp: -46 - 1.3 * kl,
    ...(isFinal && { per_prompt: { gold, kl: kls } }),
  };
}

function costs(scale: number): RunResult["costs"] {
  return {
    gold_queries: 0,
    gold_labels: 8000,
    reward_queries: 30720 * scale,
    train_tokens: 1.2e6 * scale,
    sampled_tokens: 7.4e5 * scale,
    flops: 3.1e12 * scale,
  };
}

function samples(kl: number): RunResult["samples"] {
  const words =
    kl > 5
      ? "superb superb superb"
      : kl > 1
        ? "a superb and moving story"
        : "the plot is dull but short";
  return [
    { prompt: "the film has", completion: `${words} <end>`, gold: Math.min(0.99, 0.3 + 0.1 * kl) },
    {
      prompt: "i think the cast",
      completion: `was ${words}`,
      gold: Math.min(0.98, 0.2 + 0.1 * kl),
    },
  ];
}

/** Draws from a normal distribution around 0. */
export function normals(stream: RandomStream, count: number, deviation: number): number[] {
  const values = new Float32Array(count);
  stream.fillNormal(values, deviation);
  return [...values];
}
