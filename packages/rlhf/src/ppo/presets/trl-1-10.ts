/** The PPO of a later TRL. */

import type { PpoPreset } from "./preset.ts";
import { TRL_CLASSIC } from "./trl-classic.ts";

/** TRL's experimental trainer: no controller, a value model of its own. */
export const TRL_1_10: PpoPreset = {
  settings: {
    optimizer: {
      ...TRL_CLASSIC.settings.optimizer,
      name: "adamw",
      lr: 3e-6,
      schedule: "linear",
    },
    rollout: { completions: 512, samplesPerPrompt: 1, maxNewTokens: 53, temperature: 0.7 },
    score: TRL_CLASSIC.settings.score,
    kl: { estimator: "k1", initial: 0.05, target: null, horizon: 10000 },
    advantages: TRL_CLASSIC.settings.advantages,
    update: { ...TRL_CLASSIC.settings.update, minibatches: 1 },
    value: { trunk: "separate", start: "reward", headDeviation: 0.02, warmupSteps: 0 },
  },
  sources: [
    {
      source: "huggingface/trl 1.10 experimental/ppo/ppo_config.py, defaults",
      of: [
        "optimizer.lr",
        "rollout.maxNewTokens",
        "rollout.temperature",
        "kl.estimator",
        "kl.initial",
        "score",
        "advantages.gamma",
        "advantages.lambda",
        "advantages.whitenRewards",
        "update",
      ],
    },
    {
      source:
        "huggingface/trl 1.10 experimental/ppo/ppo_trainer.py: fixed weight, masked_whiten over a " +
        "device's batch, no clipping of gradients, values trained from the first step",
      of: [
        "kl.target",
        "advantages.whiten",
        "advantages.variance",
        "optimizer.maxGradNorm",
        "rollout.samplesPerPrompt",
        "value.trunk",
        "value.warmupSteps",
      ],
    },
    {
      source: "transformers TrainingArguments, defaults; AdamW and the schedule of them",
      of: [
        "optimizer.name",
        "optimizer.betas",
        "optimizer.eps",
        "optimizer.weightDecay",
        "optimizer.schedule",
        "optimizer.warmupSteps",
      ],
    },
    {
      source:
        "huggingface/trl documentation and model card of its TL;DR run: 16 completions x 4 " +
        "accumulations x 8 devices; the default of 8 a device is too few to whiten",
      of: ["rollout.completions"],
    },
    {
      source:
        "huggingface/trl 1.10 examples/scripts/ppo: a value model loaded from the reward model",
      of: ["value.start"],
    },
    {
      source: "not used",
      of: ["optimizer.alpha", "optimizer.momentum", "kl.horizon", "value.headDeviation"],
    },
  ],
};
