/** `preflab reward`: training a reward model on pairs. The work is in ../training. */
import type { Command } from "commander";
import type { Io } from "../io.ts";
import {
  addTrainingOptions,
  stepsHelp,
  TRAINING_HELP,
  type TrainingFlags,
} from "../training/flags.ts";

const HELP = `
Trains a model to score texts such that the chosen one of a pair scores higher: a language model whose
output head is replaced by one that reads the last token. loss = -log sigmoid(chosen - rejected).

A config file with its defaults; only model, data.train and one of maxSteps and epochs are required:
  model: path/to/hf-folder   # or a GGUF file, ORG/NAME of a downloaded model, or
                             # {config: {a Hugging Face config.json}, init: random, tokenizer: dir};
                             # a folder of a reward model is trained further, with its head
  trunk: trained             # frozen: the score head alone is trained, which takes less memory and a higher
                             # learning rate; methods on rollouts whose reference is the same model then
                             # have both in memory once
  headDeviation: 0.02        # standard deviation of a new head's weights
  data: {train: pairs.jsonl, eval: null, evalShare: 0, shuffle: true, format: auto, onError: fail}
                             # evalShare: holds out this share of the prompts of data.train, the same
                             # ones whatever the seed; no prompt is on both sides
  margins: false             # true: -log sigmoid(chosen - rejected - margin), margins from the rows
  centerWeight: 0            # adds so much of mean((chosen + rejected)^2), which keeps scores around 0;
                             # 0.01 is usual
  normalize: null            # or {reference: null, prompts: 256, samples: 1, maxNewTokens: 64}, see below
${stepsHelp("1.0e-4")}
  evalEvery: 0               # steps; 0: at the end, if pairs are held out
  saveEvery: 0               # steps between checkpoints; 0: at the end
  earlyStop: {metric: eval/loss, patience: 0, minDelta: 0}
  seed: 0

Rows, one JSON object per line (JSON, CSV, parquet and .gz are read, too):
  {"prompt": "...", "chosen": "...", "rejected": "..."}    and data sets as they are published;
                                                           rankings become all their pairs
  {"promptIds": [..], "chosenIds": [..], "rejectedIds": [..]}  taken as they are: nothing is added,
                                                           and one beyond maxLength is an error
  Both may have a "margin", by how much chosen is better.
A file with malformed rows is refused before anything starts; data.onError: drop leaves them out and
says how many. Without shuffling, batches are consecutive rows in file order.

With pairs held out, model/ has the parameters of the best evaluation, not of the last step: that of
the highest eval/accuracy, and of equal ones the lowest eval/loss. Checkpoints hold them, too.

With normalize, the reference - the language model that model is, unless one is named - continues the
first so many different prompts of the training data that leave room for it, at temperature 1. Gain and
bias that give these samples' scores mean 0 and standard deviation 1 are written to
model/reward_normalization.json, so that one KL weight fits all reward models; transformers does not
know of them. A reward model that is trained further is normalised anew, or no more. When only this
went wrong, --resume with other values of normalize, or --set normalize=null, needs no training.

metrics.jsonl: accuracy (ties are wrong), margin, min_reward, mean_reward, max_reward; with pairs held
out eval/accuracy, eval/loss (without margins and centering), eval/margin, eval/min_reward, ... and
eval/calibration_error, the mean distance of sigmoid(margin) from how often that order is right. All are
of scores before they are normalised. A reward model writes no samples.
${TRAINING_HELP}

Examples:
  $ preflab reward --config reward.yaml --out runs/reward
  $ preflab reward --config reward.yaml --out runs/reward --resume
  $ preflab reward --config reward.yaml --set data.evalShare=0.1 --set normalize.prompts=128
  $ preflab score --model runs/reward/model --in completions.jsonl
`;

/** Adds `reward`. */
export function addRewardCommand(parent: Command, io: Io): void {
  const command = parent.command("reward").description("train a reward model");
  addTrainingOptions(command)
    .addHelpText("after", HELP)
    .action(async (flags: TrainingFlags) => {
      const { reward } = await import("../training/reward.ts");
      await reward(flags, io);
    });
}
