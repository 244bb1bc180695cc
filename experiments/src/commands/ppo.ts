/** `preflab ppo`: reinforcement learning from a reward. The work is in ../training. */
import type { Command } from "commander";
import type { Io } from "../io.ts";
import { addRolloutCommand } from "../training/rollout-command.ts";
import {
  PASSES_HELP,
  ROLLOUT_CONFIG_HELP,
  ROLLOUT_HELP,
  scoreHelp,
} from "../training/rollout-help.ts";

const HELP = `
Proximal policy optimization: every step samples completions, scores them with a reward function, takes
a penalty for leaving the reference from every token, and updates policy and values in several passes.

A config file with its defaults; only model, data.train, reward and maxSteps are required, with some
presets rollout.maxNewTokens as well:
${ROLLOUT_CONFIG_HELP}  preset: n-details          # where the defaults of all settings down to value come from, see below
  optimizer: {name: adam_epsilon_hat, lr: 1.0e-5, betas: [0.9, 0.999], eps: 1.0e-5, weightDecay: 0,
              schedule: linear, warmupSteps: 0, maxGradNorm: 0}
                             # or adam, adamw, sgd, rmsprop (alpha, momentum); constant, cosine;
                             # maxGradNorm 0 clips nothing
  rollout: {completions: 512, samplesPerPrompt: 1, maxNewTokens: 24, temperature: 0.7}
                             # completions of a step, over all its prompts
${scoreHelp("{mode: replace, value: -1}")}  kl: {estimator: k1, initial: 0.15, target: 6, horizon: 10000}
                             # or k2, k3, abs, exact (over the whole vocabulary); initial: the penalty's
                             # weight; target: nats per completion that the weight is led towards, none
                             # for a weight that stays; horizon: completions until it has followed
  advantages: {gamma: 1, lambda: 0.95, whitenRewards: true, whiten: minibatch, variance: population}
                             # whiten: or batch, none; variance: or bessel
  update: {epochs: 4, minibatches: 1, clipRange: 0.2, valueClipRange: 0.2, valueWeight: 0.1,
           entropyWeight: 0, stopKl: none}
                             # minibatches: optimizer steps of a pass; clipRange: or {low: .., high: ..};
                             # stopKl: approx_kl/k3, nats per token, at which the passes end
  value: {trunk: shared, start: policy, headDeviation: 0, warmupSteps: 0}
                             # trunk: a head on the policy (shared) or a model of its own (separate),
                             # which starts as the policy or as the reward model (reward)
                             # warmupSteps: the first steps train values alone
${PASSES_HELP}
Presets:
  lm-human-preferences  Ziegler et al. 2019 on sentiment, as launched: Adam of TensorFlow 1, adaptive KL
  n-details             its reproduction by Huang et al. 2023, with the same numbers
  trl-classic           TRL until 0.11, with which the DPO paper compared; minibatches of 1 completion
  trl-1.10              TRL's later trainer: a fixed KL weight, values from the reward model
  paper                 the DPO paper's: trl-classic with 1024 completions and running score scaling
  tuned                 what our experiments compare with
trl-classic, paper and trl-1.10 have other numbers throughout: manifest.json shows all of them.

PPO-GT, the upper bound of the DPO paper, is ppo with the gold reward as its reward.

More of metrics.jsonl: loss/policy, loss/value, clip_fraction, value_clip_fraction, approx_kl/k1, k2, k3,
ratio/mean, ratio/min, ratio/max (all means over updates, extremes apart), explained_variance, kl/target,
epochs (passes taken) and updates.
${ROLLOUT_HELP}

Examples:
  $ preflab ppo --config ppo.yaml --out runs/ppo
  $ preflab ppo --config ppo.yaml --out runs/ppo --resume
  $ preflab ppo --config ppo.yaml --set preset=paper --set rollout.maxNewTokens=48 --set kl.target=12
  $ preflab ppo --config ppo.yaml --set 'reward={kind: module, path: gold.mjs}' --out runs/ppo-gt
`;

/** Adds `ppo`. */
export function addPpoCommand(parent: Command, io: Io): void {
  addRolloutCommand(parent, io, {
    name: "ppo",
    summary: "RLHF with proximal policy optimization",
    help: HELP,
    method: async () => (await import("../training/ppo.ts")).PPO,
  });
}
