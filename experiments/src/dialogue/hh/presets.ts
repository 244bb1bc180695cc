/** The sizes that the study of real dialogues comes in. */
import { UsageError } from "../../errors.ts";
import type { StudyPreset } from "../../policy/experiment.ts";
import { TUNED_PPO, TUNED_PPO_1024 } from "../../policy/methods/ppo-settings.ts";
import type { ComparisonSettings, ScratchBackbone } from "../../policy/settings.ts";
import { withChoice } from "../../policy/tuning/candidates.ts";
import type { DialogueSettings } from "../settings.ts";
import { HH_MEDIUM, HH_SMALL, HH_SMOKE, type HhSettings } from "./settings.ts";
import { hhSource } from "./source.ts";

/** Seed of the task, of the backbone and of what all methods share. */
const SHARED_SEED = 0;

const SMALL_BACKBONE: ScratchBackbone = {
  kind: "scratch",
  ...{ layers: 4, width: 128, heads: 4, maxLength: HH_SMALL.limits.text },
  ...{ texts: 20_000, heldOut: 500, steps: 1600, batchSize: 32, lr: 2e-3 },
  ...{ seed: SHARED_SEED, threads: 2 },
};

const SMALL_PPO = withChoice(
  { settings: TUNED_PPO, steps: 40, evalEvery: 10 },
  { lr: 5e-4, epochs: 2 },
);

const COMPARISON: ComparisonSettings = {
  ...{ temperatures: [0, 0.25, 0.5, 0.7, 1], samples: 2 },
  ...{ newTopics: 0, newTopicTemperatures: [], bestOf: 64, seed: SHARED_SEED },
};

const SMALL: DialogueSettings = {
  backbone: SMALL_BACKBONE,
  preferredFt: { epochs: 2, batchSize: 32, lr: 3e-4, seed: SHARED_SEED, threads: 2 },
  completions: { prompts: 256, completions: 4, seed: SHARED_SEED },
  rewardModel: {
    ...{ epochs: 2, batchSize: 32, lr: 2e-4, evaluations: 6 },
    ...{ seed: SHARED_SEED, threads: 2 },
  },
  evaluation: { prompts: 128, samples: 2, pairs: 128, seed: SHARED_SEED, shown: 8 },
  pool: { samples: 128, ns: [1, 4, 16, 64, 128], seed: SHARED_SEED },
  comparison: COMPARISON,
  maxNewTokens: HH_SMALL.limits.reply,
  direct: {
    ...{ steps: 200, batchSize: 32, warmupSteps: 50, evalEvery: 50 },
    lr: { dpo: 3e-4 },
  },
  ppo: { learned: SMALL_PPO, gold: SMALL_PPO },
  grid: {
    dpoBetas: [0.05, 0.1, 0.5, 1],
    targetKls: [2, 6, 12],
    // The gold reward is the judge: what learns from it is not measured by it.
    goldTargetKls: [],
  },
  seeds: 1,
  batchTokens: 12_288,
  sampledRows: 256,
};

const SMOKE_PPO = { ...SMALL_PPO, steps: 1, evalEvery: 1 };

const SMOKE: DialogueSettings = {
  ...SMALL,
  backbone: {
    ...SMALL_BACKBONE,
    ...{ layers: 1, width: 32, heads: 2, maxLength: HH_SMOKE.limits.text, threads: 1 },
    ...{ texts: 400, heldOut: 20, steps: 10, batchSize: 16 },
  },
  preferredFt: { ...SMALL.preferredFt, epochs: 1, threads: 1 },
  completions: { ...SMALL.completions, prompts: 16 },
  rewardModel: { ...SMALL.rewardModel, epochs: 1, evaluations: 1, threads: 1 },
  evaluation: { ...SMALL.evaluation, prompts: 8, pairs: 8, shown: 2 },
  pool: { ...SMALL.pool, samples: 16, ns: [1, 4, 16] },
  comparison: { ...COMPARISON, temperatures: [0, 1], bestOf: 4 },
  maxNewTokens: HH_SMOKE.limits.reply,
  direct: { ...SMALL.direct, steps: 2, warmupSteps: 1, evalEvery: 2 },
  ppo: { learned: SMOKE_PPO, gold: SMOKE_PPO },
  grid: { ...SMALL.grid, dpoBetas: [0.1], targetKls: [6] },
};

const MEDIUM_PPO = withChoice(
  { settings: TUNED_PPO_1024, steps: 100, evalEvery: 20 },
  { lr: 2e-4, epochs: 2 },
);

const MEDIUM: DialogueSettings = {
  ...SMALL,
  backbone: {
    kind: "scratch",
    ...{ layers: 6, width: 256, heads: 8, maxLength: HH_MEDIUM.limits.text },
    ...{ texts: 200_000, heldOut: 1000, steps: 20_000, batchSize: 32, lr: 1e-3 },
    ...{ seed: SHARED_SEED, threads: 2 },
  },
  preferredFt: { ...SMALL.preferredFt, epochs: 1, batchSize: 64, lr: 1e-4 },
  rewardModel: { ...SMALL.rewardModel, epochs: 1, batchSize: 64, lr: 1e-4 },
  evaluation: { ...SMALL.evaluation, prompts: 256, pairs: 256 },
  maxNewTokens: HH_MEDIUM.limits.reply,
  direct: {
    ...{ steps: 1500, batchSize: 64, microBatches: 2, warmupSteps: 150, evalEvery: 150 },
    lr: { dpo: 5e-5 },
  },
  ppo: { learned: MEDIUM_PPO, gold: MEDIUM_PPO },
  grid: { ...SMALL.grid, targetKls: [3, 6, 12, 24] },
};

/** @throws UsageError without data */
const dialogues = (task: HhSettings) => (data: string | null) => {
  if (data === null) throw new UsageError("expected --data, the folder of Anthropic's HH data.");
  return hhSource(data, task);
};

/** All presets by name. */
export const HH_PRESETS: Readonly<Record<string, StudyPreset<DialogueSettings>>> = {
  "hh-small": {
    summary: "Anthropic-HH (--data), replies of 64 tokens, one seed, within 2 hours on 2 cores",
    needsData: true,
    source: dialogues(HH_SMALL),
    settings: SMALL,
    tuning: null,
  },
  "hh-smoke": {
    summary: "a few steps of everything on transcripts (--data), in a minute or two",
    needsData: true,
    source: dialogues(HH_SMOKE),
    settings: SMOKE,
    tuning: null,
  },
  "hh-medium": {
    summary: "a larger model, replies of 128 tokens; days, with all of the published data (--data)",
    needsData: true,
    source: dialogues(HH_MEDIUM),
    settings: MEDIUM,
    tuning: null,
  },
};
