/** The sizes that a study comes in. Learning rates are those that tuning has chosen. */

import type { StudyPreset } from "../policy/experiment.ts";
import { TUNED_PPO, UNTUNED_PPO } from "../policy/methods/ppo-settings.ts";
import type { ScratchBackbone } from "../policy/settings.ts";
import { type TuningSettings, withChoice } from "../policy/tuning/candidates.ts";
import { IMDB_PRESETS } from "./imdb/presets.ts";
import { PAPER_PRESETS } from "./paper/presets.ts";
import type { SentimentSettings } from "./settings.ts";
import { syntheticSource } from "./synthetic-task.ts";

/** A preset of this experiment. */
export type SentimentPreset = StudyPreset<SentimentSettings>;

/** Seed of the task, of the backbone and of what all methods share. */
const SHARED_SEED = 0;

/** Longest completion of the synthetic task, tokens: 0.07 % are longer. */
const SYNTHETIC_NEW_TOKENS = 28;
/** BOS, a prompt of 8 words and a completion. */
const SYNTHETIC_LENGTH = 48;

/** The paper's targets belong to about 60 tokens; a completion has about 20 here. */
const SCALED_TARGETS = [1.2, 2.4, 3.6, 4.8];

/** Before what tuning on validation prompts has chosen, see reports/sentiment/tuning. */
const QUICK_PPO = { settings: TUNED_PPO, steps: 32, evalEvery: 8 };

const QUICK_BACKBONE: ScratchBackbone = {
  kind: "scratch",
  ...{ layers: 2, width: 64, heads: 4, maxLength: SYNTHETIC_LENGTH },
  ...{ texts: 48000, heldOut: 1000, steps: 1000, batchSize: 48, lr: 3e-3 },
  ...{ seed: SHARED_SEED, threads: 2 },
};

const QUICK: SentimentSettings = {
  backbone: QUICK_BACKBONE,
  preferences: { prompts: 6000, completions: 4, seed: SHARED_SEED },
  // Accuracy stays near .88 for two epochs and rises to .96 in the third; at higher rates it does not.
  rewardModel: {
    ...{ epochs: 3, batchSize: 32, lr: 1e-3, evaluations: 6 },
    ...{ seed: SHARED_SEED, threads: 1 },
  },
  evaluation: { prompts: 64, samples: 4, pairs: 128, seed: SHARED_SEED, shown: 8 },
  pool: { samples: 1024, ns: [1, 2, 4, 8, 16, 32, 64, 128], seed: SHARED_SEED },
  maxNewTokens: SYNTHETIC_NEW_TOKENS,
  direct: {
    ...{ steps: 300, batchSize: 64, warmupSteps: 150, evalEvery: 100 },
    lr: { dpo: 4e-4, ipo: 4e-4, cdpo: 4e-4, unlikelihood: 8e-4, preferred_ft: 4e-4 },
  },
  ppo: {
    learned: withChoice(QUICK_PPO, { lr: 2.5e-4, epochs: 4 }),
    gold: withChoice(QUICK_PPO, { lr: 2.5e-4, epochs: 2 }),
    untuned: { settings: UNTUNED_PPO, steps: 32, evalEvery: 8 },
  },
  grid: {
    dpoBetas: [0.05, 0.1, 1, 5],
    unlikelihoodAlphas: [0.05, 0.1, 0.5, 1],
    targetKls: SCALED_TARGETS,
    preferredSeeds: 2,
    ipoBetas: [0.1],
    cdpoSmoothings: [0.1],
  },
  seeds: 1,
  batchTokens: 8192,
  sampledRows: 256,
};

const SMOKE: SentimentSettings = {
  ...QUICK,
  backbone: {
    ...QUICK_BACKBONE,
    ...{ texts: 8000, heldOut: 200, steps: 250, batchSize: 32, lr: 3e-3 },
    // Nothing is concluded from what it learns.
    largestGap: 0.1,
  },
  preferences: { prompts: 200, completions: 4, seed: SHARED_SEED },
  rewardModel: { ...QUICK.rewardModel, epochs: 1, evaluations: 2 },
  evaluation: { ...QUICK.evaluation, prompts: 32, samples: 2, pairs: 32 },
  pool: { ...QUICK.pool, samples: 64, ns: [1, 4, 16] },
  direct: {
    ...{ steps: 12, batchSize: 32, warmupSteps: 4, evalEvery: 12 },
    // With so short a warm-up, higher rates end far from anything that a longer run gives.
    lr: { dpo: 2e-4, ipo: 2e-4, cdpo: 2e-4, unlikelihood: 2e-4, preferred_ft: 2e-4 },
  },
  ppo: {
    learned: { ...QUICK.ppo.learned, steps: 3, evalEvery: 3 },
    gold: { ...QUICK.ppo.gold, steps: 3, evalEvery: 3 },
    untuned: { ...QUICK.ppo.untuned, steps: 3, evalEvery: 3 },
  },
  grid: {
    dpoBetas: [1, 5],
    unlikelihoodAlphas: [0.5],
    targetKls: [2.4],
    preferredSeeds: 1,
    ipoBetas: [],
    cdpoSmoothings: [],
  },
};

/** Six choices for every method, each run at two values of its sweep. */
const QUICK_TUNING: TuningSettings<SentimentSettings> = {
  candidates: [
    { lr: 5e-5, ppo: { lr: 2.5e-4, epochs: 2 } },
    { lr: 1e-4, ppo: { lr: 5e-4, epochs: 2 } },
    { lr: 2e-4, ppo: { lr: 1e-3, epochs: 2 } },
    { lr: 4e-4, ppo: { lr: 2.5e-4, epochs: 4 } },
    { lr: 8e-4, ppo: { lr: 5e-4, epochs: 4 } },
    { lr: 1.6e-3, ppo: { lr: 1e-3, epochs: 4 } },
  ],
  // Values whose policies lie within the range of KL: with a smaller beta or a larger alpha they leave
  // it within the first steps, and say nothing of a learning rate.
  grid: {
    dpoBetas: [1, 5],
    unlikelihoodAlphas: [0.1, 0.5],
    targetKls: [1.2, 4.8],
    preferredSeeds: 1,
    ipoBetas: [0.1],
    cdpoSmoothings: [0.1],
  },
  evaluation: { ...QUICK.evaluation, prompts: 128 },
  klRange: 6,
  flopsCap: 8e12,
};

const SMOKE_TUNING: TuningSettings<SentimentSettings> = {
  ...QUICK_TUNING,
  candidates: QUICK_TUNING.candidates.slice(0, 2),
  grid: SMOKE.grid,
  evaluation: SMOKE.evaluation,
};

const PROMPTS = { train: 6000, validation: 256, test: 256 };

const synthetic = (task: "graded" | "bimodal") => () =>
  syntheticSource({ task, prompts: PROMPTS, seed: SHARED_SEED });

/** All presets by name. */
export const PRESETS: Readonly<Record<string, SentimentPreset>> = {
  quick: {
    summary: "the 22 runs on the embedded task, one seed, about 12 minutes on 2 cores",
    needsData: false,
    source: synthetic("graded"),
    settings: QUICK,
    tuning: QUICK_TUNING,
  },
  smoke: {
    summary: "a few short runs on the embedded task, under a minute: shows that all works",
    needsData: false,
    source: synthetic("graded"),
    settings: SMOKE,
    tuning: SMOKE_TUNING,
  },
  study: {
    summary: "the embedded task with 5 seeds",
    needsData: false,
    source: synthetic("graded"),
    settings: { ...QUICK, pool: { ...QUICK.pool, samples: 4096 }, seeds: 5 },
    tuning: QUICK_TUNING,
  },
  bimodal: {
    summary:
      "the embedded task with rewards near 0 or 1, as a sharp classifier of film reviews gives",
    needsData: false,
    source: synthetic("bimodal"),
    settings: QUICK,
    tuning: null,
  },
  ...IMDB_PRESETS,
  ...PAPER_PRESETS,
};
