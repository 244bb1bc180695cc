/** The sizes that a study comes in. */
import type { SplitName } from "@preflab/data";
import type { StudyPreset } from "../policy/experiment.ts";
import { TUNED_PPO } from "../policy/methods/ppo-settings.ts";
import type { ScratchBackbone } from "../policy/settings.ts";
import { type TuningSettings, withChoice } from "../policy/tuning/candidates.ts";
import { HH_PRESETS } from "./hh/presets.ts";
import { PAPER_PRESETS } from "./paper/presets.ts";
import type { DialogueSettings } from "./settings.ts";
import { LABEL_KAPPA } from "./synthetic/preferences.ts";
import { syntheticDialogueSource } from "./synthetic-task.ts";

/** Seed of the task, of the backbone and of what all methods share. */
const SHARED_SEED = 0;

/** Longest reply of the preferences is 29 tokens with EOS. */
const NEW_TOKENS = 32;
/** Three turns with the longest questions and answers, and a little room. */
const LENGTH = 160;

const QUICK_PPO = withChoice(
  { settings: TUNED_PPO, steps: 32, evalEvery: 8 },
  { lr: 1e-3, epochs: 2 },
);

const QUICK_BACKBONE: ScratchBackbone = {
  kind: "scratch",
  ...{ layers: 2, width: 96, heads: 4, maxLength: LENGTH },
  ...{ texts: 134_400, heldOut: 1000, steps: 2800, batchSize: 48, lr: 5e-3 },
  ...{ seed: SHARED_SEED, threads: 2 },
};

const QUICK: DialogueSettings = {
  backbone: QUICK_BACKBONE,
  preferredFt: { epochs: 1, batchSize: 64, lr: 5e-4, seed: SHARED_SEED, threads: 2 },
  completions: { prompts: 512, completions: 4, seed: SHARED_SEED },
  rewardModel: {
    ...{ epochs: 2, batchSize: 32, lr: 1e-3, evaluations: 6 },
    ...{ seed: SHARED_SEED, threads: 2 },
  },
  evaluation: { prompts: 64, samples: 4, pairs: 128, seed: SHARED_SEED, shown: 8 },
  pool: { samples: 256, ns: [1, 4, 16, 64, 128], seed: SHARED_SEED },
  comparison: {
    ...{ temperatures: [0, 0.25, 0.5, 0.7, 1], samples: 4 },
    ...{ newTopics: 64, newTopicTemperatures: [0, 0.25, 1] },
    ...{ bestOf: 64, seed: SHARED_SEED },
  },
  maxNewTokens: NEW_TOKENS,
  direct: {
    ...{ steps: 300, batchSize: 64, warmupSteps: 150, evalEvery: 100 },
    lr: { dpo: 5e-4 },
  },
  ppo: { learned: QUICK_PPO, gold: QUICK_PPO },
  grid: {
    dpoBetas: [0.05, 0.1, 0.5, 1],
    targetKls: [1, 2, 4, 8],
    goldTargetKls: [2, 8],
  },
  seeds: 1,
  batchTokens: 8192,
  sampledRows: 256,
};

const SMOKE: DialogueSettings = {
  ...QUICK,
  backbone: {
    ...QUICK_BACKBONE,
    ...{ width: 64, texts: 6400, heldOut: 100, steps: 200, batchSize: 32, lr: 8e-3 },
    // It only has to write words: nothing is concluded from what it knows.
    largestGap: 2,
  },
  preferredFt: { ...QUICK.preferredFt, epochs: 1, batchSize: 32 },
  completions: { ...QUICK.completions, prompts: 32 },
  rewardModel: { ...QUICK.rewardModel, epochs: 1, evaluations: 2 },
  evaluation: { ...QUICK.evaluation, prompts: 16, samples: 2, pairs: 32, shown: 4 },
  pool: { ...QUICK.pool, samples: 64, ns: [1, 4, 16] },
  comparison: {
    ...{ temperatures: [0, 0.25, 1], samples: 2 },
    ...{ newTopics: 16, newTopicTemperatures: [0, 0.25] },
    ...{ bestOf: 16, seed: SHARED_SEED },
  },
  direct: { ...QUICK.direct, steps: 10, batchSize: 32, warmupSteps: 4, evalEvery: 10 },
  ppo: {
    learned: { ...QUICK_PPO, steps: 2, evalEvery: 2 },
    gold: { ...QUICK_PPO, steps: 2, evalEvery: 2 },
  },
  grid: { dpoBetas: [0.1, 1], targetKls: [4], goldTargetKls: [4] },
};

/** Six choices for every method, each run at two values of its sweep. */
const QUICK_TUNING: TuningSettings<DialogueSettings> = {
  candidates: [
    { lr: 5e-5, ppo: { lr: 2.5e-4, epochs: 2 } },
    { lr: 1e-4, ppo: { lr: 5e-4, epochs: 2 } },
    { lr: 2e-4, ppo: { lr: 1e-3, epochs: 2 } },
    { lr: 4e-4, ppo: { lr: 2.5e-4, epochs: 4 } },
    { lr: 8e-4, ppo: { lr: 5e-4, epochs: 4 } },
    { lr: 1.6e-3, ppo: { lr: 1e-3, epochs: 4 } },
  ],
  grid: { dpoBetas: [0.1, 1], targetKls: [2, 8], goldTargetKls: [2, 8] },
  evaluation: { ...QUICK.evaluation, prompts: 128 },
  klRange: 8,
  flopsCap: 3e13,
};

const SMOKE_TUNING: TuningSettings<DialogueSettings> = {
  ...QUICK_TUNING,
  candidates: QUICK_TUNING.candidates.slice(0, 2),
  grid: SMOKE.grid,
  evaluation: SMOKE.evaluation,
};

const TASK = {
  labels: { kind: "bradley-terry", kappa: LABEL_KAPPA },
  seed: SHARED_SEED,
} as const;

const synthetic = (prompts: Readonly<Record<SplitName, number>>, pairsPerPrompt: number) => () =>
  syntheticDialogueSource({ ...TASK, prompts, pairsPerPrompt });

const PROMPTS = { train: 4500, validation: 512, test: 512 };

/** All presets by name. */
export const PRESETS: Readonly<Record<string, StudyPreset<DialogueSettings>>> = {
  quick: {
    summary: "all methods on the embedded task, one seed, about 12 minutes on 2 cores",
    needsData: false,
    source: synthetic(PROMPTS, 6),
    settings: QUICK,
    tuning: QUICK_TUNING,
  },
  smoke: {
    summary: "a few short runs on the embedded task, under a minute: shows that all works",
    needsData: false,
    source: synthetic({ train: 640, validation: 64, test: 64 }, 1),
    settings: SMOKE,
    tuning: SMOKE_TUNING,
  },
  study: {
    summary: "the embedded task with 5 seeds",
    needsData: false,
    source: synthetic(PROMPTS, 6),
    settings: { ...QUICK, seeds: 5 },
    tuning: QUICK_TUNING,
  },
  ...HH_PRESETS,
  ...PAPER_PRESETS,
};
