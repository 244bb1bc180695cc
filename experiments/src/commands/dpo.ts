/** `preflab dpo`: preference training without a reward model. The work is in ../training. */
import type { Command } from "commander";
import type { Io } from "../io.ts";
import {
  addTrainingOptions,
  stepsHelp,
  TRAINING_HELP,
  type TrainingFlags,
} from "../training/flags.ts";

const HELP = `
A config file with its defaults; only model, data.train and one of maxSteps and epochs are required:
  model: path/to/hf-folder   # or a GGUF file, ORG/NAME of a downloaded model, or
                             # {config: {a Hugging Face config.json}, init: random, tokenizer: dir}
  reference: null            # a model likewise; null: the model as it is loaded
  data: {train: pairs.jsonl, eval: null, shuffle: true, format: auto, onError: fail}
  objective: {name: sigmoid, beta: 0.1}
                             # other keys are options of the objective: preflab objective --list;
                             # or a list, a weighted sum: [{name: .., weight: 1}, {name: ..}]
${stepsHelp("1.0e-6")}
  layout: concatenated       # or shared-prompt: a prompt is computed once for all its completions
  referenceLogps: precomputed  # before training, or live: with each batch
  referenceSync: {every: 0, mix: 0.6}
                             # TR-DPO: every so many steps reference = mix policy + (1 - mix) reference
  cache: dir                 # where precomputed log-probabilities are kept for other runs; null: nowhere
                             # (default: preflab/reference-logps in $XDG_CACHE_HOME or ~/.cache)
  nllWeight: 0               # RPO: weight of the chosen response's loss per token
  sftWeight: 0               # the same, all tokens of a batch alike
  ldAlpha: 1                 # LD-DPO: what tokens beyond the shorter response count
  wpo: false                 # WPO: weighs pairs by how likely the policy is to give them
  lora: null                 # or {rank: 8, alpha: 8, targetModules: [q_proj, v_proj]}; the reference
                             # is then the model without them
  evalEvery: 0               # steps; 0: at the end, if there is data.eval
  generation: {prompts: 16, samples: 1, maxNewTokens: 64}
                             # sampled from prompts of data.eval at each evaluation; prompts: 0 for none
  saveEvery: 0               # steps between checkpoints; 0: at the end
  earlyStop: {metric: eval/loss, patience: 0, minDelta: 0}
  samples: {every: 0, prompts: [], count: 4, maxNewTokens: 64, temperature: 0, topP: 1}
  seed: 0

Rows, one JSON object per line (JSON, CSV, parquet and .gz are read, too):
  {"prompt": "...", "chosen": "...", "rejected": "..."}    and data sets as they are published
  {"promptIds": [..], "chosenIds": [..], "rejectedIds": [..]}  taken as they are: nothing is added,
                                                           and one beyond maxLength is an error
  kto            {"prompt": .., "completion": .., "label": true}, or with promptIds, completionIds
  plackett_luce  {"promptIds": [..], "completionIds": [[..], ..]}, best first, or rated completions
A file with malformed rows is refused before anything starts; data.onError: drop leaves them out and
says how many. Without shuffling, batches are consecutive rows in file order.

metrics.jsonl: rewards/chosen, rewards/rejected, rewards/margins, rewards/accuracies, logps/chosen,
logps/rejected, lengths/chosen, lengths/rejected, nll/chosen, and gradient_weight/0.0 to 0.9, the shares
of pairs by sigmoid(-margin); with data.eval the same as eval/..., and of sampled completions
eval/length, eval/eos_rate and eval/kl, KL(policy || reference at the start) per sequence in nats, with
its standard error eval/kl_error. An objective without a reference loads none; eval/kl then needs one
that is named. While eval/kl is measured, the reference stays in memory.
${TRAINING_HELP}

Examples:
  $ preflab dpo --config dpo.yaml --out runs/first
  $ preflab dpo --config dpo.yaml --out runs/first --resume
  $ preflab dpo --config dpo.yaml --set objective.beta=0.5 --set objective.labelSmoothing=0.1
`;

/** Adds `dpo`. */
export function addDpoCommand(parent: Command, io: Io): void {
  const command = parent.command("dpo").description("direct preference optimization");
  addTrainingOptions(command)
    .addHelpText("after", HELP)
    .action(async (flags: TrainingFlags) => {
      const { dpo } = await import("../training/dpo.ts");
      await dpo(flags, io);
    });
}
