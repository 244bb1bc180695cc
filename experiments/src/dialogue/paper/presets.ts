/**
 * The paper's setting: Pythia of four sizes, Anthropic's dialogues from the Hub and a service that
 * judges; and a trial of all of it that needs none of them. Where numbers depart from the paper's, or
 * it has none: ./deviations.ts.
 */
import type { EndpointSettings } from "../../judges/settings.ts";
import type { Machine } from "../../policy/estimate/rows.ts";
import type { StudyPreset } from "../../policy/experiment.ts";
import type { ComparisonSettings, PretrainedBackbone } from "../../policy/settings.ts";
import { HH_SMALL, type HhSettings } from "../hh/settings.ts";
import type { DialogueSettings } from "../settings.ts";
import { paperDeviations } from "./deviations.ts";
import { type EstimateInputs, estimateStudy } from "./estimate.ts";
import { judgeSettings, LOCAL_JUDGE, PAPER_JUDGE } from "./judge-settings.ts";
import { type PaperTask, paperSource } from "./source.ts";

type Preset = StudyPreset<DialogueSettings>;

/** Seed of the task, of the backbone and of what all methods share. */
const SHARED_SEED = 0;

/** A prompt with a reply, by the released code; half of it for each where replies are sampled. */
const LENGTH = 512;

/** Of 160,800 published ones, those of the judge and for validation left out. */
const TRAIN_PAIRS = 141_500;

const HH: HhSettings = {
  ...HH_SMALL,
  // As published, where there is a test part.
  shares: { validation: 0.02, test: 0.05, judge: 0.1 },
  limits: { text: LENGTH, pair: LENGTH, prompt: LENGTH / 2, reply: LENGTH / 2 },
  most: {
    pairs: { train: 200_000, validation: 1000, test: 1000 },
    prompts: { train: 200_000, validation: 256, test: 256 },
  },
  seed: SHARED_SEED,
};

const TASK: Omit<PaperTask, "model"> = {
  ...{ dialogues: "Anthropic/hh-rlhf", hh: HH, judgedPairs: 256 },
};

const BACKBONE: PretrainedBackbone = {
  kind: "pretrained",
  // As published: what the paper fine-tunes is the reference.
  epochs: 0,
  ...{ maxLength: LENGTH, textLength: LENGTH, texts: 0, heldOut: 500 },
  ...{ batchSize: 4, microBatches: 1, lr: 0, seed: SHARED_SEED, threads: 1 },
};

const PAPER_PPO = { preset: "paper", rollout: { completions: 512, samplesPerPrompt: 2 } };

const COMPARISON: ComparisonSettings = {
  ...{ temperatures: [0.25, 0.7, 1], samples: 1, bestOf: 128, seed: SHARED_SEED },
  // All parts of the data are about everything that people asked.
  ...{ newTopics: 0, newTopicTemperatures: [] },
};

const PAPER: DialogueSettings = {
  backbone: BACKBONE,
  preferredFt: {
    ...{ epochs: 1, batchSize: 64, microBatches: 32, lr: 1e-5 },
    ...{ seed: SHARED_SEED, threads: 1 },
  },
  completions: { prompts: 512, completions: 4, seed: SHARED_SEED },
  rewardModel: {
    ...{ epochs: 1, batchSize: 64, microBatches: 64, lr: 1e-5, evaluations: 6 },
    ...{ seed: SHARED_SEED, threads: 1 },
  },
  evaluation: { prompts: 256, samples: 1, pairs: 64, seed: SHARED_SEED, shown: 16 },
  pool: { samples: 128, ns: [1, 4, 16, 64, 128], seed: SHARED_SEED },
  comparison: COMPARISON,
  maxNewTokens: LENGTH / 2,
  direct: {
    // About one epoch of the pairs.
    ...{ steps: 2200, batchSize: 64, microBatches: 64, warmupSteps: 150, evalEvery: 200 },
    lr: { dpo: 1e-6 },
  },
  ppo: {
    learned: { settings: PAPER_PPO, steps: 200, evalEvery: 20 },
    gold: { settings: PAPER_PPO, steps: 200, evalEvery: 20 },
  },
  // The gold reward is a judge: what learns from it is not measured by it.
  grid: { dpoBetas: [0.1], targetKls: [6], goldTargetKls: [] },
  seeds: 1,
  // 4 texts.
  batchTokens: 4 * LENGTH,
  sampledRows: 64,
};

/** What fits: eight times the weights of 2.8 billion parameters. */
const H200: Machine = {
  ...{ name: "one H200 of 141 GB", memory: 141e9, peakFlops: 494e12 },
  numbers: "TensorFloat-32",
  ...{ training: 0.25, sampling: 0.03 },
};

/** Someone's own computer. */
const CPU: Machine = {
  ...{ name: "a CPU of 16 cores with 32 GB", memory: 32e9, peakFlops: 1e12 },
  numbers: "float32",
  ...{ training: 0.3, sampling: 0.05 },
};

const PYTHIA = { vocabulary: 50_304, positions: 0, head: "own" } as const;

/** Published sizes, by the end of their names on the Hub. */
const SHAPES = {
  "pythia-70m": { ...PYTHIA, layers: 6, width: 512, heads: 8 },
  "pythia-410m": { ...PYTHIA, layers: 24, width: 1024, heads: 16 },
  "pythia-1.4b": { ...PYTHIA, layers: 24, width: 2048, heads: 16 },
  "pythia-2.8b": { ...PYTHIA, layers: 32, width: 2560, heads: 32 },
} satisfies Record<string, EstimateInputs["shape"]>;

/** What a preset of one size differs in. */
interface Size {
  readonly settings: DialogueSettings;
  readonly hh: HhSettings;
  readonly machine: Machine;
  readonly pairs: number;
  /** Where it is to run, and how much of it. */
  readonly words: string;
}

const WHOLE: Size = {
  ...{ settings: PAPER, hh: HH, machine: H200, pairs: TRAIN_PAIRS },
  words: "the paper's setting on a GPU",
};

/** Nothing of a size that was not at hand may look as if it had been tried. */
const NOT_RUN = "never run at this size: only its dry run and --estimate";

function paperPreset(name: keyof typeof SHAPES, size: Size): Preset {
  const { hh, settings, machine, pairs, words } = size;
  const task: PaperTask = { ...TASK, hh, model: { kind: "hub", name: `EleutherAI/${name}` } };
  return {
    summary: `${words}, with ${name} and data from the Hub and a judge that is paid for; ${NOT_RUN}`,
    needsData: false,
    source: (data) => sourceOf(data, task, settings, judgeSettings(PAPER_JUDGE)),
    settings,
    tuning: null,
    estimate: (resolved) =>
      estimateStudy(resolved, {
        ...{ name, shape: SHAPES[name], machine, task, pairs, judge: judgeSettings(PAPER_JUDGE) },
      }),
    // One run fills a GPU.
    jobs: 1,
  };
}

function sourceOf(
  data: string | null,
  task: PaperTask,
  settings: DialogueSettings,
  judge: EndpointSettings,
): ReturnType<Preset["source"]> {
  return paperSource(data, task, judge, paperDeviations(task, settings, judge));
}

/** Of the paper's lengths. */
const SMALL_LENGTH = LENGTH / 2;
const SMALL_PAIRS = 20_000;

/** For one GPU of any kind, or a patient CPU: a seventh of the pairs, half as long. */
const SMALL: Size = {
  ...{ machine: CPU, pairs: SMALL_PAIRS },
  words: "a seventh of the paper's pairs on one small GPU or a patient CPU",
  hh: {
    ...HH,
    limits: {
      ...{ text: SMALL_LENGTH, pair: SMALL_LENGTH },
      ...{ prompt: SMALL_LENGTH / 2, reply: SMALL_LENGTH / 2 },
    },
    most: {
      pairs: { train: SMALL_PAIRS, validation: 500, test: 500 },
      prompts: { train: SMALL_PAIRS, validation: 128, test: 128 },
    },
  },
  settings: {
    ...PAPER,
    backbone: { ...BACKBONE, maxLength: SMALL_LENGTH, textLength: SMALL_LENGTH, heldOut: 200 },
    preferredFt: { ...PAPER.preferredFt, microBatches: 4 },
    rewardModel: { ...PAPER.rewardModel, microBatches: 8 },
    evaluation: { ...PAPER.evaluation, prompts: 128 },
    maxNewTokens: SMALL_LENGTH / 2,
    direct: {
      ...{ steps: 312, batchSize: 64, microBatches: 8, warmupSteps: 150, evalEvery: 52 },
      lr: { dpo: 1e-5 },
    },
    ppo: {
      learned: { settings: PAPER_PPO, steps: 40, evalEvery: 10 },
      gold: { settings: PAPER_PPO, steps: 40, evalEvery: 10 },
    },
    batchTokens: 16 * SMALL_LENGTH,
  },
};

const TRIAL_LENGTH = 96;
const TRIAL_TASK: PaperTask = {
  ...TASK,
  model: {
    ...{ kind: "random", family: "gpt_neox" },
    ...{ layers: 2, width: 32, heads: 2, positions: 128, vocabulary: 420 },
    seed: SHARED_SEED,
  },
  judgedPairs: 4,
  hh: {
    ...HH,
    shares: { validation: 0.15, test: 0.2, judge: 0.3 },
    limits: { text: TRIAL_LENGTH, pair: TRIAL_LENGTH, prompt: 64, reply: 32 },
    most: {
      pairs: { train: 24, validation: 6, test: 6 },
      prompts: { train: 16, validation: 4, test: 4 },
    },
    judge: { ...HH.judge, features: { ...HH.judge.features, bits: 12 }, epochs: 1 },
  },
};
const TRIAL_PPO = {
  preset: "paper",
  ...{ rollout: { completions: 8, samplesPerPrompt: 2 }, update: { minibatches: 2 } },
};

/** The paper's but for how much of everything there is. */
const TRIAL: DialogueSettings = {
  ...PAPER,
  backbone: { ...BACKBONE, maxLength: TRIAL_LENGTH, textLength: TRIAL_LENGTH, heldOut: 4 },
  preferredFt: { ...PAPER.preferredFt, batchSize: 8, microBatches: 2 },
  completions: { ...PAPER.completions, prompts: 4, completions: 2 },
  rewardModel: { ...PAPER.rewardModel, batchSize: 8, microBatches: 4, evaluations: 2 },
  evaluation: { ...PAPER.evaluation, prompts: 4, pairs: 4, shown: 2 },
  pool: { ...PAPER.pool, samples: 4, ns: [1, 4] },
  comparison: { ...COMPARISON, temperatures: [0.7, 1], samples: 1, bestOf: 4 },
  maxNewTokens: 32,
  direct: { ...PAPER.direct, steps: 2, batchSize: 8, microBatches: 4, evalEvery: 1 },
  ppo: {
    learned: { settings: TRIAL_PPO, steps: 2, evalEvery: 1 },
    gold: { settings: TRIAL_PPO, steps: 2, evalEvery: 1 },
  },
  batchTokens: 8 * TRIAL_LENGTH,
};

/** All presets by name. */
export const PAPER_PRESETS: Readonly<Record<string, Preset>> = {
  paper: paperPreset("pythia-2.8b", WHOLE),
  "paper-pythia-1.4b": paperPreset("pythia-1.4b", WHOLE),
  "paper-pythia-410m": paperPreset("pythia-410m", WHOLE),
  "pythia-70m": paperPreset("pythia-70m", SMALL),
  "paper-dry-run": {
    summary:
      "every stage of the paper's setting for a step or two, a tiny random model (--data), a judge " +
      "on this machine (PREFLAB_JUDGE)",
    needsData: true,
    source: (data) => sourceOf(data, TRIAL_TASK, TRIAL, judgeSettings(LOCAL_JUDGE)),
    settings: TRIAL,
    tuning: null,
  },
};
