/** `preflab grpo`: reinforcement learning from groups of completions. The work is in ../training. */
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
Group relative policy optimization (Shao et al. 2024): every step samples several completions of each
prompt, whose advantages are their scores relative to the others of the prompt. The divergence from the
reference is a part of the loss. There is no value function.

A config file with its defaults; only model, data.train, reward and maxSteps are required, with the
preset deepseekmath rollout.maxNewTokens as well:
${ROLLOUT_CONFIG_HELP}  preset: trl-1.10           # where the defaults of all settings down to update come from, see below
${TRL_OPTIMIZER_HELP}  rollout: {completions: 512, samplesPerPrompt: 8, maxNewTokens: 256, temperature: 1}
                             # completions of a step, over all its prompts
${scoreHelp("{mode: none, value: 0}")}  kl: {weight: 0, loss: k3}  # or k2, whose mean gradient is that of KL(policy || reference), not of
                             # the reverse; the weight stays
  advantages: {scale: group, variance: bessel, eps: 1.0e-4}
                             # scale: by the deviation of a prompt's scores, or of the batch, or none
                             # (Dr. GRPO); variance: or population; eps: added to the deviation
  update: {aggregation: token_mean, epochs: 1, minibatches: 1, clipRange: 0.2, stopKl: none}
                             # aggregation: the mean over all tokens, or over completions of their means
                             # (sequence_mean), or sums over maxNewTokens (constant)
                             # minibatches: optimizer steps of a pass; clipRange: or {low: .., high: ..};
                             # stopKl: approx_kl/k3, nats per token, at which the passes end
${PASSES_HELP}
Presets:
  trl-1.10      TRL's trainer: no penalty, losses of all tokens alike
  deepseekmath  as first described: 64 completions of each of 16 prompts, weight 0.04, each completion's
                loss a mean over its tokens
${PASSES_METRICS_HELP}
${ROLLOUT_HELP}

Examples:
  $ preflab grpo --config grpo.yaml --out runs/grpo
  $ preflab grpo --config grpo.yaml --out runs/grpo --resume
  $ preflab grpo --config grpo.yaml --set kl.weight=0.04 --set rollout.samplesPerPrompt=16
`;

/** Adds `grpo`. */
export function addGrpoCommand(parent: Command, io: Io): void {
  addRolloutCommand(parent, io, {
    name: "grpo",
    summary: "group relative policy optimization",
    help: HELP,
    method: async () => (await import("../training/rollout-critic-free.ts")).GRPO,
  });
}
