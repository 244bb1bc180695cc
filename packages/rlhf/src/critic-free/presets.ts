/** Published settings of RLOO and GRPO, with the source of every number, as ../ppo/presets.ts has. */

import type { OptimizerConfig } from "@preflab/lm";
import type { Preset, PresetSource } from "../rollouts/preset.ts";
import type { GrpoSettings, RlooSettings } from "./settings.ts";

/** As transformers' TrainingArguments have it, and TRL's RLOOConfig and GRPOConfig the rate. */
const OPTIMIZER: OptimizerConfig = {
  name: "adamw",
  lr: 1e-6,
  betas: [0.9, 0.999],
  eps: 1e-8,
  alpha: 0.99,
  momentum: 0,
  weightDecay: 0,
  schedule: "linear",
  warmupSteps: 0,
  maxGradNorm: 1,
};

const NO_SHAPING: RlooSettings["score"] = {
  scale: "none",
  center: false,
  clip: null,
  unfinished: { mode: "none", value: 0 },
};

const ONE_UPDATE: RlooSettings["update"] = {
  epochs: 1,
  minibatches: 1,
  clipRange: { low: 0.2, high: 0.2 },
  stopKl: null,
};

/** Where TRL's two trainers agree. */
const TRL_SOURCES: readonly PresetSource[] = [
  {
    source:
      "transformers TrainingArguments, defaults, with the learning rate of TRL's configs; alpha and " +
      "momentum are not used by AdamW",
    of: ["optimizer"],
  },
  {
    source:
      "as many as PPO's presets sample, so that methods compare; TRL's 8 are those of one device",
    of: ["rollout.completions"],
  },
];

/** TRL's RLOOTrainer. */
export const RLOO_DEFAULTS: Preset<RlooSettings> = {
  settings: {
    optimizer: OPTIMIZER,
    rollout: { completions: 512, samplesPerPrompt: 2, maxNewTokens: 256, temperature: 1 },
    score: NO_SHAPING,
    kl: { estimator: "k1", initial: 0.05, target: null, horizon: 10000 },
    advantages: { whiten: false },
    update: ONE_UPDATE,
  },
  sources: [
    ...TRL_SOURCES,
    {
      source: "huggingface/trl 1.10 trainer/rloo_config.py, defaults",
      of: [
        "rollout.samplesPerPrompt",
        "rollout.maxNewTokens",
        "rollout.temperature",
        "score",
        "kl.initial",
        "advantages",
        "update",
      ],
    },
    {
      source:
        "huggingface/trl 1.10 trainer/rloo_trainer.py: a fixed weight on the difference of " +
        "log-probabilities; the horizon is not used",
      of: ["kl.estimator", "kl.target", "kl.horizon"],
    },
  ],
};

/** TRL's GRPOTrainer: no penalty, all tokens of a batch alike. */
const TRL_1_10: Preset<GrpoSettings> = {
  settings: {
    optimizer: OPTIMIZER,
    rollout: { completions: 512, samplesPerPrompt: 8, maxNewTokens: 256, temperature: 1 },
    score: NO_SHAPING,
    kl: { weight: 0, loss: "k3" },
    advantages: { scale: "group", variance: "bessel", eps: 1e-4 },
    update: { ...ONE_UPDATE, aggregation: "token_mean" },
  },
  sources: [
    ...TRL_SOURCES,
    {
      source: "huggingface/trl 1.10 trainer/grpo_config.py, defaults; loss_type dapo",
      of: [
        "rollout.samplesPerPrompt",
        "rollout.maxNewTokens",
        "rollout.temperature",
        "score",
        "kl.weight",
        "advantages.scale",
        "update",
      ],
    },
    {
      source: "huggingface/trl 1.10 trainer/grpo_trainer.py: torch's deviation plus 1e-4",
      of: ["kl.loss", "advantages.variance", "advantages.eps"],
    },
  ],
};

/** GRPO as it was first described. */
const DEEPSEEKMATH: Preset<GrpoSettings> = {
  settings: {
    ...TRL_1_10.settings,
    rollout: { completions: 1024, samplesPerPrompt: 64, maxNewTokens: null, temperature: 1 },
    kl: { weight: 0.04, loss: "k3" },
    update: { ...ONE_UPDATE, aggregation: "sequence_mean" },
  },
  sources: [
    {
      source:
        "Shao et al. 2024, DeepSeekMath (arXiv:2402.03300), section 4.2: batches of 1024, 64 outputs " +
        "per question, learning rate 1e-6, coefficient 0.04, a single update per exploration stage",
      of: [
        "optimizer.lr",
        "rollout.completions",
        "rollout.samplesPerPrompt",
        "kl.weight",
        "update.epochs",
        "update.minibatches",
      ],
    },
    {
      source: "the same, Eqs. 3 and 4 and section 4.1.2",
      of: ["kl.loss", "update.aggregation", "advantages.scale"],
    },
    {
      source: "not stated, or of another task; TRL's",
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
        "score",
        "advantages.variance",
        "advantages.eps",
        "update.clipRange",
        "update.stopKl",
      ],
    },
  ],
};

/** Names of GRPO's presets. */
export const GRPO_PRESET_NAMES = ["trl-1.10", "deepseekmath"] as const;

/** GRPO's presets. */
export const GRPO_PRESETS: Readonly<
  Record<(typeof GRPO_PRESET_NAMES)[number], Preset<GrpoSettings>>
> = { "trl-1.10": TRL_1_10, deepseekmath: DEEPSEEKMATH };
