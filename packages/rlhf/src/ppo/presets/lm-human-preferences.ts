/** The settings that PPO on language models began with, and their reproduction. */

import type { PpoPreset } from "./preset.ts";

/** Ziegler et al. 2019 on sentiment, as launched by their code. */
export const LM_HUMAN_PREFERENCES: PpoPreset = {
  settings: {
    optimizer: {
      name: "adam_epsilon_hat",
      lr: 1e-5,
      betas: [0.9, 0.999],
      eps: 1e-5,
      alpha: 0.99,
      momentum: 0,
      weightDecay: 0,
      schedule: "linear",
      warmupSteps: 0,
      maxGradNorm: 0,
    },
    rollout: { completions: 512, samplesPerPrompt: 1, maxNewTokens: 24, temperature: 0.7 },
    score: {
      scale: "none",
      center: false,
      clip: null,
      unfinished: { mode: "replace", value: -1 },
    },
    kl: { estimator: "k1", initial: 0.15, target: 6, horizon: 10000 },
    advantages: {
      gamma: 1,
      lambda: 0.95,
      whitenRewards: true,
      whiten: "minibatch",
      variance: "population",
    },
    update: {
      epochs: 4,
      minibatches: 1,
      clipRange: { low: 0.2, high: 0.2 },
      valueClipRange: 0.2,
      valueWeight: 0.1,
      entropyWeight: 0,
      stopKl: null,
    },
    value: { trunk: "shared", start: "policy", headDeviation: 0, warmupSteps: 0 },
  },
  sources: [
    {
      source: "openai/lm-human-preferences launch.py, books task and sentiment",
      of: [
        "optimizer.lr",
        "rollout.completions",
        "rollout.maxNewTokens",
        "rollout.temperature",
        "kl.initial",
        "kl.target",
      ],
    },
    {
      source:
        "openai/lm-human-preferences train_policy.py, defaults, loss and step. It whitens over the " +
        "minibatch of each of 8 processes, 64 completions, we over all",
      of: [
        "optimizer.schedule",
        "optimizer.warmupSteps",
        "kl.estimator",
        "kl.horizon",
        "advantages",
        "update",
        "score.scale",
        "score.center",
        "score.clip",
        "rollout.samplesPerPrompt",
        "value.warmupSteps",
      ],
    },
    {
      source:
        "openai/lm-human-preferences utils/core.py minimize: tf.train.AdamOptimizer, no clipping",
      of: [
        "optimizer.name",
        "optimizer.betas",
        "optimizer.eps",
        "optimizer.weightDecay",
        "optimizer.maxGradNorm",
      ],
    },
    {
      source:
        "openai/lm-human-preferences lm_tasks.py, penalty_reward_value. Finished there is a " +
        "completion with a full stop among its last 8 tokens, here one with an end token",
      of: ["score.unfinished"],
    },
    {
      source:
        "openai/lm-human-preferences language/model.py: a value head of zeros on the policy's states",
      of: ["value.trunk", "value.start", "value.headDeviation"],
    },
    { source: "not used by Adam", of: ["optimizer.alpha", "optimizer.momentum"] },
  ],
};

/** The reproduction of Huang et al. 2023; the same numbers, in float32 PyTorch. */
export const N_DETAILS: PpoPreset = {
  settings: LM_HUMAN_PREFERENCES.settings,
  sources: [
    {
      source:
        "vwxyzjn/lm-human-preference-details train_policy_accelerate.py, defaults on 8 processes of " +
        "64 completions; it whitens before the passes, which with one minibatch is the same",
      of: [
        "rollout",
        "score",
        "kl",
        "advantages",
        "update",
        "value",
        "optimizer.name",
        "optimizer.lr",
        "optimizer.betas",
        "optimizer.eps",
        "optimizer.weightDecay",
        "optimizer.schedule",
        "optimizer.warmupSteps",
        "optimizer.maxGradNorm",
      ],
    },
    { source: "not used by Adam", of: ["optimizer.alpha", "optimizer.momentum"] },
  ],
};
