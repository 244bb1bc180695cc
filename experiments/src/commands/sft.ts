/** `preflab sft`: supervised fine-tuning. The work is in ../training. */
import type { Command } from "commander";
import type { Io } from "../io.ts";
import { addTrainingOptions, TRAINING_HELP, type TrainingFlags } from "../training/flags.ts";

const HELP = `
A config file with its defaults; only model, data.train and one of maxSteps and epochs are required:
  model: path/to/hf-folder   # or a GGUF file, ORG/NAME of a downloaded model, or
                             # {config: {a Hugging Face config.json}, init: random, tokenizer: dir}
  data: {train: rows.jsonl, eval: null, shuffle: true, format: auto, onError: fail}
  optimizer: {name: adamw, lr: 2.0e-5, betas: [0.9, 0.999], eps: 1.0e-8, weightDecay: 0,
              schedule: constant, warmupSteps: 0, maxGradNorm: 1.0}
                             # or rmsprop (alpha, momentum), adam, sgd; linear, cosine
  batchSize: 8               # rows per micro-batch; with packing, packed rows
  gradAccum: 1               # micro-batches per step
  maxSteps: 24               # or epochs: 1
  maxLength: 512             # tokens; longer rows lose their end
  packing: false             # several rows in one, each computed as if alone
  reduction: tokenMean       # or sequenceMean, sequenceSum
  dropout: 0
  lora: null                 # or {rank: 8, alpha: 8, targetModules: [q_proj, v_proj]}
  evalEvery: 0               # steps; 0: at the end, if there is data.eval
  saveEvery: 0               # steps between checkpoints; 0: at the end
  earlyStop: {metric: eval/loss, patience: 0, minDelta: 0}
  samples: {every: 0, prompts: [], count: 4, maxNewTokens: 64, temperature: 0, topP: 1}
  seed: 0

Rows, one JSON object per line (JSON, CSV, parquet and .gz are read, too):
  {"prompt": "...", "completion": "..."}       the completion is learned, and to end after it
  {"text": "..."} or {"messages": [...]}       all of it is learned
  {"prompt": .., "chosen": .., "rejected": ..} the chosen response is learned
  {"ids": [..], "completionMask": [0 or 1]?} or {"promptIds": [..], "completionIds": [..]}
                                               taken as they are, nothing is added
Without shuffling, batches are consecutive rows in file order.
${TRAINING_HELP}

Examples:
  $ preflab sft --config sft.yaml --out runs/first
  $ preflab sft --config sft.yaml --out runs/first --resume
  $ preflab sft --config sft.yaml --set optimizer.lr=1e-4 --set packing=true --json > metrics.jsonl
`;

/** Adds `sft`. */
export function addSftCommand(parent: Command, io: Io): void {
  const command = parent.command("sft").description("supervised fine-tuning");
  addTrainingOptions(command)
    .addHelpText("after", HELP)
    .action(async (flags: TrainingFlags) => {
      const { sft } = await import("../training/sft.ts");
      await sft(flags, io);
    });
}
