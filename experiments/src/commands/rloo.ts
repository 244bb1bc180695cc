/** `preflab rloo`: reinforcement learning without a value function. The work is in ../training. */
import type { Command } from "commander";
import type { Io } from "../io.ts";
import { addRolloutCommand } from "../training/rollout-command.ts";
import {
  PASSES_HELP,
  PASSES_METRICS_HELP,
  ROLLOUT_CONFIG_HELP,
  ROLLOUT_HELP,
  scoreHelp,
  TRL_OPTIMIZER_HELP,
} from "../training/rollout-help.ts";

const HELP = `
REINFORCE leave-one-out (Ahmadian et al. 2024): every step samples several completions of each prompt,
takes the weighted divergence from the reference from their scores, and compares each with the mean of
the others of its prompt. There is no value function.

A config file with its defaults, which are those of TRL 1.10; only model, data.train, reward and maxSteps
are required:
${ROLLOUT_CONFIG_HELP}${TRL_OPTIMIZER_HELP}  rollout: {completions: 512, samplesPerPrompt: 2, maxNewTokens: 256, temperature: 1}
                             # completions of a step, over all its prompts
${scoreHelp("{mode: none, value: 0}")}  kl: {estimator: k1, initial: 0.05, target: none, horizon: 10000}
                             # or k2, k3, abs, exact (over the whole vocabulary); initial: the penalty's
                             # weight; target: nats per completion that the weight is led towards, none
                             # for a weight that stays; horizon: completions until it has followed
  advantages: {whiten: false}  # over the completions of a step
  update: {epochs: 1, minibatches: 1, clipRange: 0.2, stopKl: none}
                             # minibatches: optimizer steps of a pass; clipRange: of the ratios of whole
                             # completions, or {low: .., high: ..}; stopKl: approx_kl/k3, nats per token,
                             # at which the passes end
${PASSES_HELP}${PASSES_METRICS_HELP}
${ROLLOUT_HELP}

Examples:
  $ preflab rloo --config rloo.yaml --out runs/rloo
  $ preflab rloo --config rloo.yaml --out runs/rloo --resume
  $ preflab rloo --config rloo.yaml --set rollout.samplesPerPrompt=4 --set kl.initial=0.1
`;

/** Adds `rloo`. */
export function addRlooCommand(parent: Command, io: Io): void {
  addRolloutCommand(parent, io, {
    name: "rloo",
    summary: "REINFORCE with a leave-one-out baseline",
    help: HELP,
    method: async () => (await import("../training/rollout-critic-free.ts")).RLOO,
  });
}
