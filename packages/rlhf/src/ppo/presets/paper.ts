/** The PPO of the DPO paper. */

import type { PpoPreset } from "./preset.ts";
import { TRL_CLASSIC } from "./trl-classic.ts";

/** The PPO of the DPO paper, as far as it says: TRL's with more samples and normalised rewards. */
export const PAPER: PpoPreset = {
  settings: {
    ...TRL_CLASSIC.settings,
    optimizer: { ...TRL_CLASSIC.settings.optimizer, lr: 1.41e-5 },
    rollout: { ...TRL_CLASSIC.settings.rollout, completions: 1024, samplesPerPrompt: 4 },
    score: { ...TRL_CLASSIC.settings.score, scale: "running", center: true },
    update: { ...TRL_CLASSIC.settings.update, minibatches: 16 },
  },
  sources: [
    {
      source:
        "Rafailov et al. 2023 (arXiv:2305.18290), App. C.1: 1024 samples per step; targets of 3, 6, 9 " +
        "and 12 nats, of which this is the second",
      of: ["rollout.completions", "kl.target"],
    },
    {
      source:
        "Rafailov et al. 2023, App. C.1: rewards normalised; over what is not stated, all so far is " +
        "what TRL's use_score_scaling and use_score_norm do",
      of: ["score.scale", "score.center"],
    },
    {
      source:
        "eric-mitchell/direct-preference-optimization issue 31: more samples per prompt than TRL's " +
        "example; how many is not stated, 4 keep its 256 prompts and are as many as for DPO's pairs",
      of: ["rollout.samplesPerPrompt"],
    },
    {
      source:
        "not stated; huggingface/trl examples of sentiment in 2023, from which the paper began by " +
        "issue 31",
      of: ["optimizer.lr"],
    },
    {
      source: "not stated; minibatches of 64, the paper's batch for DPO, instead of one completion",
      of: ["update.minibatches"],
    },
    {
      source: "not stated; trl-classic",
      of: [
        "optimizer.name",
        "optimizer.betas",
        "optimizer.eps",
        "optimizer.alpha",
        "optimizer.momentum",
        "optimizer.weightDecay",
        "optimizer.schedule",
        "optimizer.warmupSteps",
        "optimizer.maxGradNorm",
        "rollout.maxNewTokens",
        "rollout.temperature",
        "score.clip",
        "score.unfinished",
        "kl.estimator",
        "kl.initial",
        "kl.horizon",
        "advantages",
        "update.epochs",
        "update.clipRange",
        "update.valueClipRange",
        "update.valueWeight",
        "update.entropyWeight",
        "update.stopKl",
        "value",
      ],
    },
  ],
};
