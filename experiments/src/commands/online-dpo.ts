/** `preflab online-dpo`: DPO on the policy's own samples. The work is in ../training. */
import type { Command } from "commander";
import type { Io } from "../io.ts";
import { addRolloutCommand } from "../training/rollout-command.ts";
import {
  ROLLOUT_CONFIG_HELP,
  ROLLOUT_HELP,
  ROLLOUT_LENGTH_HELP,
  UNFINISHED_HELP,
} from "../training/rollout-help.ts";

const HELP = `
Online DPO (Guo et al. 2024): every step samples several completions of each prompt, and trains on the
best against the worst of them by the reward function, once, as preflab dpo would. Where all samples of a
prompt have the same score there is no pair. With referenceSync it is iterative DPO.

A config file with its defaults; only model, data.train, reward, rollout.maxNewTokens and maxSteps are
required:
${ROLLOUT_CONFIG_HELP}  objective: {name: sigmoid, beta: 0.1}
                             # any objective on pairs: preflab objective --list; or a weighted sum
  optimizer: {name: adamw, lr: 1.0e-6, betas: [0.9, 0.999], eps: 1.0e-8, weightDecay: 0,
              schedule: constant, warmupSteps: 0, maxGradNorm: 1.0}
                             # or adam, adam_epsilon_hat, sgd, rmsprop (alpha, momentum); linear, cosine
  rollout: {completions: 512, samplesPerPrompt: 2, maxNewTokens: 24, temperature: 1}
                             # completions of a step, over all its prompts; maxNewTokens has no default
  score: {unfinished: {mode: none, value: 0}}
${UNFINISHED_HELP}  batchSize: 8               # pairs per micro-batch, and completions scored together
  gradAccum: 1               # micro-batches per optimizer step, of which a step has as many as its pairs
                             # are enough for
  layout: concatenated       # or shared-prompt: a prompt is computed once for both completions
  referenceSync: {every: 0, mix: 0.6}
                             # every so many steps reference = mix policy + (1 - mix) reference; kl and
                             # eval/kl are measured from the one at the start
  referenceLogps: live
  nllWeight: 0               # as for preflab dpo, and so are
  sftWeight: 0
  ldAlpha: 1
  wpo: false
  dropout: 0
  earlyStop: {metric: eval/loss, patience: 0, minDelta: 0}
                             # such as eval/kl; what it names should fall
${ROLLOUT_LENGTH_HELP}
More of metrics.jsonl: those of preflab dpo (rewards/chosen, rewards/margins, ...), pairs, ties (prompts
without a pair), updates (optimizer steps), and time/pairs in place of all other times; kl/weight is the
objective's beta. In a step without pairs the loss is NaN, and nothing changes.
${ROLLOUT_HELP}

Examples:
  $ preflab online-dpo --config online.yaml --out runs/online
  $ preflab online-dpo --config online.yaml --out runs/online --resume
  $ preflab online-dpo --config online.yaml --set objective.name=ipo --set rollout.samplesPerPrompt=4
`;

/** Adds `online-dpo`. */
export function addOnlineDpoCommand(parent: Command, io: Io): void {
  addRolloutCommand(parent, io, {
    name: "online-dpo",
    summary: "DPO on the policy's own samples",
    help: HELP,
    method: async () => (await import("../training/rollout-online-dpo.ts")).ONLINE_DPO,
  });
}
