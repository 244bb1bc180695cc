/** The PPO of the DPO paper. */

import type { Preset } from "./preset.ts";
import { TRL_CLASSIC } from "./trl-classic.ts";

/** The PPO of the DPO paper, as far as it says: TRL's with more samples and normalised rewards. */
export const PAPER: Preset = {
  settings: {
    ...TRL_CLASSIC.settings,
    rollout: { ...TRL_CLASSIC.settings.rollout, completions: 1024 },
    score: { ...TRL_CLASSIC.settings.score, scale: "running", center: true },
    update: { ...TRL_CLASSIC.settings.update, minibatches: 16 },
  },
  sources: [
    {
      source:
        "Rafailov et al. 2023 (arXiv:2305.18290), App. C.1: 1024 samples per step, target KL 3, 6, 9, " +
        "12, of which this is the second, rewards normalised",
      of: ["rollout.completions", "kl.target", "score.scale", "score.center"],
    },
    {
      source: "not stated; minibatches of 64, the paper's batch for DPO, instead of one completion",
      of: ["update.minibatches"],
    },
    {
      source: "not stated; trl-classic, which the paper began from",
      of: [
        "optimizer",
        "rollout.samplesPerPrompt",
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
