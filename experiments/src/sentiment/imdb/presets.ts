/** The sizes that the study of real reviews comes in. */

import { UsageError } from "../../errors.ts";
import { TUNED_PPO, TUNED_PPO_1024, UNTUNED_PPO } from "../../policy/methods/ppo-settings.ts";
import { type TuningSettings, withChoice } from "../../policy/tuning/candidates.ts";
import type { SentimentPreset } from "../presets.ts";
import type { SentimentSettings } from "../settings.ts";
import type { ImdbSettings } from "./settings.ts";
import { imdbSource } from "./source.ts";

/** Seed of the task, of the backbone and of what all methods share. */
const SHARED_SEED = 0;

/** As for the embedded task, with smaller rates for a larger model. */
const SMALL_PPO = withChoice(
  { settings: TUNED_PPO, steps: 50, evalEvery: 10 },
  { lr: 1e-3, epochs: 2 },
);
const SMALL_UNTUNED_PPO = { ...UNTUNED_PPO, optimizer: { lr: 3e-4 } };

const SMALL_TASK: ImdbSettings = {
  vocabulary: 4096,
  prompts: { train: 10_000, validation: 256, test: 256 },
  // BOS, a prompt of 8 tokens and a completion, and a little room.
  textLength: 40,
  completionLength: 24,
  classifier: {
    features: { longest: 3, bits: 20 },
    ...{ epochs: 4, lr: 0.02, l2: 1e-3 },
    // As many words as a prompt and a completion have.
    ...{ stretches: 3, words: { least: 16, most: 26 } },
  },
  seed: SHARED_SEED,
};

const SMALL: SentimentSettings = {
  backbone: {
    kind: "scratch",
    ...{ layers: 4, width: 128, heads: 4, maxLength: SMALL_TASK.textLength },
    ...{ texts: 220_000, heldOut: 1000, steps: 12_000, batchSize: 32, lr: 1e-3 },
    ...{ seed: SHARED_SEED, threads: 2 },
  },
  preferences: { prompts: 10_000, completions: 4, seed: SHARED_SEED },
  rewardModel: {
    ...{ epochs: 3, batchSize: 64, lr: 1e-3, evaluations: 6 },
    ...{ seed: SHARED_SEED, threads: 2 },
  },
  evaluation: { prompts: 64, samples: 4, pairs: 128, seed: SHARED_SEED, shown: 8 },
  pool: { samples: 512, ns: [1, 2, 4, 8, 16, 32, 64, 128], seed: SHARED_SEED },
  maxNewTokens: SMALL_TASK.completionLength,
  direct: {
    ...{ steps: 400, batchSize: 64, warmupSteps: 150, evalEvery: 100 },
    lr: { dpo: 3e-4, ipo: 3e-4, cdpo: 3e-4, unlikelihood: 3e-4, preferred_ft: 3e-4 },
  },
  ppo: {
    learned: SMALL_PPO,
    gold: SMALL_PPO,
    untuned: { settings: SMALL_UNTUNED_PPO, steps: 50, evalEvery: 10 },
  },
  grid: {
    dpoBetas: [0.05, 0.1, 1, 5],
    unlikelihoodAlphas: [0.05, 0.1, 0.5, 1],
    // The paper's, for 24 tokens instead of about 60.
    targetKls: [1.2, 2.4, 3.6, 4.8],
    preferredSeeds: 2,
    ipoBetas: [0.1],
    cdpoSmoothings: [0.1],
  },
  seeds: 1,
  batchTokens: 8192,
  sampledRows: 256,
};

/** Four choices for every method, each run at a value or two of its sweep: a run takes a minute or two. */
const SMALL_TUNING: TuningSettings<SentimentSettings> = {
  candidates: [
    { lr: 1e-4, ppo: { lr: 3e-4, epochs: 2 } },
    { lr: 3e-4, ppo: { lr: 1e-3, epochs: 2 } },
    { lr: 1e-3, ppo: { lr: 3e-4, epochs: 4 } },
    { lr: 2e-3, ppo: { lr: 1e-3, epochs: 4 } },
  ],
  grid: {
    ...{ dpoBetas: [0.1, 1], unlikelihoodAlphas: [0.5], targetKls: [4.8] },
    ...{ preferredSeeds: 1, ipoBetas: [0.1], cdpoSmoothings: [0.1] },
  },
  evaluation: { ...SMALL.evaluation, prompts: 128 },
  klRange: 6,
  flopsCap: 1e14,
};

const MEDIUM_TASK: ImdbSettings = {
  ...SMALL_TASK,
  vocabulary: 8192,
  prompts: { train: 12_000, validation: 512, test: 512 },
  textLength: 80,
  completionLength: 60,
  classifier: { ...SMALL_TASK.classifier, words: { least: 40, most: 58 } },
};

const MEDIUM_PPO = withChoice(
  { settings: TUNED_PPO_1024, steps: 200, evalEvery: 20 },
  { lr: 5e-4, epochs: 2 },
);
const MEDIUM_UNTUNED_PPO = {
  ...UNTUNED_PPO,
  rollout: { ...UNTUNED_PPO.rollout, completions: 1024 },
  optimizer: { lr: 1e-4 },
  update: { minibatches: 16 },
};

const MEDIUM: SentimentSettings = {
  ...SMALL,
  backbone: {
    kind: "scratch",
    ...{ layers: 6, width: 256, heads: 8, maxLength: MEDIUM_TASK.textLength },
    ...{ texts: 120_000, heldOut: 1000, steps: 12_000, batchSize: 32, lr: 6e-4 },
    ...{ seed: SHARED_SEED, threads: 2 },
  },
  preferences: { ...SMALL.preferences, prompts: MEDIUM_TASK.prompts.train },
  rewardModel: { ...SMALL.rewardModel, epochs: 3, lr: 2e-4 },
  evaluation: { ...SMALL.evaluation, prompts: 128, pairs: 256 },
  maxNewTokens: MEDIUM_TASK.completionLength,
  direct: {
    ...{ steps: 1200, batchSize: 64, warmupSteps: 150, evalEvery: 100 },
    lr: { dpo: 1e-4, ipo: 1e-4, cdpo: 1e-4, unlikelihood: 1e-4, preferred_ft: 1e-4 },
  },
  ppo: {
    learned: MEDIUM_PPO,
    gold: MEDIUM_PPO,
    untuned: { settings: MEDIUM_UNTUNED_PPO, steps: 200, evalEvery: 20 },
  },
  grid: { ...SMALL.grid, targetKls: [3, 6, 9, 12] },
};

/** @throws UsageError without data */
const reviews = (task: ImdbSettings) => (data: string | null) => {
  if (data === null) throw new UsageError("expected --data, the folder of IMDb's reviews.");
  return imdbSource(data, task);
};

/** All presets by name. */
export const IMDB_PRESETS: Readonly<Record<string, SentimentPreset>> = {
  "imdb-small": {
    summary: "the 22 runs on IMDb's reviews (--data), one seed, within 2 hours on 2 cores",
    needsData: true,
    source: reviews(SMALL_TASK),
    settings: SMALL,
    tuning: SMALL_TUNING,
  },
  "imdb-medium": {
    summary: "a larger model, 60 tokens and 1024 samples per step of PPO; a day or more",
    needsData: true,
    source: reviews(MEDIUM_TASK),
    settings: MEDIUM,
    tuning: null,
  },
};
