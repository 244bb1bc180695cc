/** The options that every training command has. */
import type { Command } from "commander";
import { addBackendOptions, type BackendOptions } from "../backend.ts";
import { integerFrom, repeated } from "../options.ts";

/** Values of the options. */
export interface TrainingFlags extends BackendOptions {
  /** Path of a config file. */
  readonly config: string;
  /** `key=value` texts. */
  readonly set?: readonly string[];
  /** Folder of the run. */
  readonly out?: string;
  readonly resume?: true;
  readonly seed?: number;
  readonly json?: true;
}

/** Adds the options. */
export function addTrainingOptions(command: Command): Command {
  command
    .requiredOption("--config <file>", "settings, YAML")
    .option(
      "--set <key=value>",
      "a setting over that of the file, such as optimizer.lr=1e-6; may be repeated",
      repeated,
    )
    .option("--out <dir>", "folder of the run (default: runs/ and the name of the config file)")
    .option("--resume", "go on with the run that the folder holds; without one, start it")
    .option("--seed <n>", "the same as --set seed=<n>", integerFrom(0))
    .option("--json", "print metrics as JSON lines");
  return addBackendOptions(command);
}

/** What `--help` says of settings and the run's folder that is the same for all training. */
export const TRAINING_HELP = `
The run's folder:
  manifest.json    settings with all defaults, hashes of the inputs, versions, hardware
  metrics.jsonl    one line per step: step, loss, lr, grad_norm and more; tensorboard/ has the same
  samples.jsonl    what the model wrote after some of the steps, with samples.every
  checkpoints/     the last ones, to go on from
  model/           the trained model, once training has ended: a Hugging Face folder

Ctrl-C (or SIGTERM) finishes the step at hand, saves a checkpoint and exits with code 130. Whatever
ended a run, --resume with the same settings goes on from its latest checkpoint, and the result is
the same to the last bit as without the interruption. A resumed run may have other values of
maxSteps, epochs, evalEvery, saveEvery, samples, generation, earlyStop, cache and of the optimizer's
lr, schedule, warmupSteps, weightDecay and maxGradNorm; manifest.json then tells from which step on.`;

/** What `--help` says of steps and optimizer of training on examples. @param lr the default */
export function stepsHelp(lr: string): string {
  return `  optimizer: {name: adamw, lr: ${lr}, betas: [0.9, 0.999], eps: 1.0e-8, weightDecay: 0,
              schedule: constant, warmupSteps: 0, maxGradNorm: 1.0}
                             # or rmsprop (alpha, momentum), adam, sgd; linear, cosine
  batchSize: 8               # examples per micro-batch
  gradAccum: 1               # micro-batches per step
  maxSteps: 24               # or epochs: 1
  maxLength: 512             # tokens of prompt and completion
  maxPromptLength: null      # tokens that a prompt keeps where a row is longer than maxLength
  truncation: keep_start     # or keep_end: which part of a prompt (or, without maxPromptLength, of a
                             # row) is kept`;
}

/** Settings of the command line, `--seed` among them. */
export function settingsOf({ set = [], seed }: TrainingFlags): readonly string[] {
  return seed === undefined ? set : [...set, `seed=${seed}`];
}
