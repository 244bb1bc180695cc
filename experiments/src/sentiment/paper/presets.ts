/**
 * The paper's setting: GPT-2 of three sizes, IMDb's reviews and a large classifier from the Hub, the
 * paper's grids and step counts; and a trial of all of it that needs none of them. Where numbers
 * depart from the paper's, or it has none: ./deviations.ts.
 */

import type { PretrainedBackbone } from "../../policy/settings.ts";
import type { SentimentPreset } from "../presets.ts";
import type { SentimentSettings } from "../settings.ts";
import { paperDeviations } from "./deviations.ts";
import { type EstimateInputs, estimateStudy } from "./estimate.ts";
import { goldSettings, PAPER_GOLD } from "./gold/settings.ts";
import { type PaperTask, paperSource } from "./task.ts";

/** Seed of the task, of the backbone and of what all methods share. */
const SHARED_SEED = 0;

/** By the paper's target KL per sequence and per token. */
const COMPLETION = 60;
/** BOS, a prompt of 8 tokens and a completion, and a little room. */
const LENGTH = 72;

/** Longest piece of a review; few are longer. */
const REVIEW_LENGTH = 512;

/** Of the training reviews, 290 tokens on average. */
const REVIEW_TOKENS = 23_400 * 290;

const VALIDATION_PROMPTS = 1000;

const BACKBONE: PretrainedBackbone = {
  kind: "pretrained",
  ...{ maxLength: LENGTH, textLength: REVIEW_LENGTH, epochs: 1 },
  // More than there are: one epoch of all reviews.
  ...{ texts: 100_000, heldOut: 500, batchSize: 32, microBatches: 8, lr: 1e-5 },
  ...{ seed: SHARED_SEED, threads: 1 },
};

const LR = 1e-6;

/** Presets of the library, and what the paper says of them once more. */
const PAPER_PPO = { preset: "paper", rollout: { completions: 1024, samplesPerPrompt: 4 } };
const UNTUNED_PPO = {
  preset: "trl-classic",
  rollout: { completions: 256, samplesPerPrompt: 1 },
};

const PAPER: SentimentSettings = {
  backbone: BACKBONE,
  preferences: { prompts: 25_000, completions: 4, seed: SHARED_SEED },
  rewardModel: {
    ...{ epochs: 3, batchSize: 64, microBatches: 4, lr: 1e-5, evaluations: 12, threads: 1 },
    seed: SHARED_SEED,
  },
  evaluation: { prompts: 256, samples: 4, pairs: 64, seed: SHARED_SEED, shown: 16 },
  pool: { samples: 512, ns: [1, 2, 4, 8, 16, 32, 64, 128], seed: SHARED_SEED },
  maxNewTokens: COMPLETION,
  direct: {
    // About one epoch of the pairs.
    ...{ steps: 2400, batchSize: 64, microBatches: 4, warmupSteps: 150, evalEvery: 100 },
    lr: { dpo: LR, ipo: LR, cdpo: LR, unlikelihood: LR, preferred_ft: LR },
  },
  ppo: {
    learned: { settings: PAPER_PPO, steps: 500, evalEvery: 100 },
    gold: { settings: PAPER_PPO, steps: 500, evalEvery: 100 },
    untuned: { settings: UNTUNED_PPO, steps: 500, evalEvery: 100 },
  },
  grid: {
    dpoBetas: [0.05, 0.1, 1, 5],
    unlikelihoodAlphas: [0.05, 0.1, 0.5, 1],
    targetKls: [3, 6, 9, 12],
    preferredSeeds: 2,
    // Its 22 runs and no others.
    ...{ ipoBetas: [], cdpoSmoothings: [] },
  },
  seeds: 1,
  // 32 texts.
  batchTokens: 32 * LENGTH,
  sampledRows: 64,
};

const TASK: Omit<PaperTask, "model"> = {
  reviews: "stanfordnlp/imdb",
  prompts: { train: 25_000, validation: VALIDATION_PROMPTS, test: 1000 },
  textLength: REVIEW_LENGTH,
  seed: SHARED_SEED,
};

const GPT2 = { vocabulary: 50_257, positions: 1024, head: "embedding" } as const;

/** Published sizes, by the end of their names on the Hub. */
const SHAPES = {
  gpt2: { ...GPT2, layers: 12, width: 768, heads: 12 },
  "gpt2-medium": { ...GPT2, layers: 24, width: 1024, heads: 16 },
  "gpt2-large": { ...GPT2, layers: 36, width: 1280, heads: 20 },
} satisfies Record<string, EstimateInputs["shape"]>;

function paperPreset(name: keyof typeof SHAPES): SentimentPreset {
  const inputs: EstimateInputs = {
    ...{ name, shape: SHAPES[name], reviewTokens: REVIEW_TOKENS },
    validationPrompts: VALIDATION_PROMPTS,
  };
  const task: PaperTask = { ...TASK, model: { kind: "hub", name: `openai-community/${name}` } };
  return {
    summary: `the paper's setting with ${name}, from the Hugging Face Hub, on a GPU; see --estimate`,
    needsData: false,
    source: (data) =>
      paperSource(data, task, goldSettings(PAPER_GOLD), paperDeviations(task, PAPER)),
    settings: PAPER,
    tuning: null,
    estimate: (settings) => estimateStudy(settings, inputs),
    // One run fills a GPU.
    jobs: 1,
  };
}

const TRIAL_LENGTH = 24;
const TRIAL_TASK: PaperTask = {
  ...TASK,
  model: {
    ...{ kind: "random", family: "gpt2" },
    ...{ layers: 2, width: 32, heads: 2, positions: 64, vocabulary: 320 },
    seed: SHARED_SEED,
  },
  prompts: { train: 24, validation: 6, test: 6 },
  textLength: 32,
};
const TRIAL_PPO = { rollout: { completions: 8, samplesPerPrompt: 2 }, update: { minibatches: 2 } };

/** The paper's but for how much of everything there is. */
const TRIAL: SentimentSettings = {
  ...PAPER,
  backbone: {
    ...BACKBONE,
    ...{ maxLength: TRIAL_LENGTH, textLength: TRIAL_TASK.textLength },
    ...{ texts: 32, heldOut: 4, batchSize: 16, microBatches: 2 },
  },
  preferences: { ...PAPER.preferences, prompts: 16 },
  rewardModel: { ...PAPER.rewardModel, epochs: 1, batchSize: 16, evaluations: 2 },
  evaluation: { ...PAPER.evaluation, prompts: 4, samples: 2, pairs: 4, shown: 2 },
  pool: { ...PAPER.pool, samples: 8, ns: [1, 4] },
  maxNewTokens: 12,
  direct: { ...PAPER.direct, steps: 2, batchSize: 8, evalEvery: 1 },
  ppo: {
    learned: { settings: { preset: "paper", ...TRIAL_PPO }, steps: 2, evalEvery: 1 },
    gold: { settings: { preset: "paper", ...TRIAL_PPO }, steps: 2, evalEvery: 1 },
    untuned: { settings: { preset: "trl-classic", ...TRIAL_PPO }, steps: 2, evalEvery: 1 },
  },
  grid: {
    ...{ dpoBetas: [0.1], unlikelihoodAlphas: [0.5], targetKls: [6], preferredSeeds: 1 },
    ...{ ipoBetas: [0.1], cdpoSmoothings: [0.1] },
  },
  batchTokens: 8 * TRIAL_LENGTH,
};

/** All presets by name. */
export const PAPER_PRESETS: Readonly<Record<string, SentimentPreset>> = {
  paper: paperPreset("gpt2-large"),
  "paper-gpt2-medium": paperPreset("gpt2-medium"),
  "paper-gpt2": paperPreset("gpt2"),
  "paper-dry-run": {
    summary: "every stage of the paper's setting for a step or two, a tiny random model (--data)",
    needsData: true,
    source: (data) =>
      paperSource(
        data,
        TRIAL_TASK,
        goldSettings({ kind: "stand-in" }),
        paperDeviations(TRIAL_TASK, TRIAL),
      ),
    settings: TRIAL,
    tuning: null,
  },
};
