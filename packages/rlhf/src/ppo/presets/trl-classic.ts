/** The PPO that most work of 2023 and 2024 compared with. */

import type { PpoPreset } from "./preset.ts";

/** TRL's PPOTrainer of 2023, with which the DPO paper compared. */
export const TRL_CLASSIC: PpoPreset = {
  settings: {
    optimizer: {
      name: "adam",
      lr: 1e-5,
      betas: [0.9, 0.999],
      eps: 1e-8,
      alpha: 0.99,
      momentum: 0,
      weightDecay: 0,
      schedule: "constant",
      warmupSteps: 0,
      maxGradNorm: 0,
    },
    rollout: { completions: 256, samplesPerPrompt: 1, maxNewTokens: null, temperature: 1 },
    score: { scale: "none", center: false, clip: null, unfinished: { mode: "none", value: 0 } },
    kl: { estimator: "k1", initial: 0.2, target: 6, horizon: 10000 },
    advantages: {
      gamma: 1,
      lambda: 0.95,
      whitenRewards: false,
      whiten: "batch",
      variance: "bessel",
    },
    update: {
      epochs: 4,
      minibatches: 256,
      clipRange: { low: 0.2, high: 0.2 },
      valueClipRange: 0.2,
      valueWeight: 0.1,
      entropyWeight: 0,
      stopKl: null,
    },
    value: { trunk: "shared", start: "policy", headDeviation: 0.02, warmupSteps: 0 },
  },
  sources: [
    {
      source:
        "huggingface/trl 0.4 to 0.7 of 2023, trainer/ppo_config.py, defaults; minibatches of one " +
        "completion. Later ones, up to 0.11, have a rate of 1.41e-5 and one minibatch of 128",
      of: [
        "optimizer.lr",
        "optimizer.maxGradNorm",
        "rollout.completions",
        "kl",
        "score",
        "advantages.gamma",
        "advantages.lambda",
        "update",
      ],
    },
    {
      source:
        "huggingface/trl 0.7 trainer/ppo_trainer.py: Adam of torch, no schedule unless one is given, " +
        "masked_whiten over a batch. It skips minibatches whose mean ratio is above 10, we do not",
      of: [
        "optimizer.name",
        "optimizer.betas",
        "optimizer.eps",
        "optimizer.weightDecay",
        "optimizer.schedule",
        "optimizer.warmupSteps",
        "advantages.whitenRewards",
        "advantages.whiten",
        "advantages.variance",
        "rollout.samplesPerPrompt",
      ],
    },
    {
      source:
        "huggingface/trl 0.7 documentation: do_sample with top_k 0 and top_p 1; length by task",
      of: ["rollout.temperature", "rollout.maxNewTokens"],
    },
    {
      source:
        "huggingface/trl 0.7 AutoModelForCausalLMWithValueHead, trained from the first step; its " +
        "dropout of 0.1 is left out",
      of: ["value.trunk", "value.start", "value.warmupSteps"],
    },
    {
      source:
        "ours: torch draws the head uniformly up to 1 / sqrt(D), of deviation 1 / sqrt(3 D), which is " +
        "0.021 for GPT-2 and 0.016 for its large model",
      of: ["value.headDeviation"],
    },
    { source: "not used by Adam", of: ["optimizer.alpha", "optimizer.momentum"] },
  ],
};
