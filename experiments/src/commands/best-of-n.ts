/** `preflab best-of-n`: the best of N samples by reward. The work is in ../training/best-of-n.ts. */
import type { Command } from "commander";
import type { Io } from "../io.ts";
import { addTrainingOptions, type TrainingFlags } from "../training/flags.ts";
import { PROMPT_HELP, REWARD_HELP } from "../training/sampling-help.ts";

const HELP = `
Samples N completions of each prompt once, and estimates from them what the best of n by reward is
worth for every n up to N: its reward, what a gold reward says of it, and a bound of how far choosing
takes the model from single samples, log n - (n - 1) / n nats.

A config file with its defaults; only model, data.prompts and reward are required:
  model: path/to/hf-folder   # or a GGUF file, or ORG/NAME of a downloaded model
  data: {prompts: prompts.jsonl, count: null, shuffle: true, unique: false, prefixTokens: null,
         maxPromptLength: null, format: auto, onError: fail}
                             # count: so many prompts, chosen at random unless shuffle is false
                             # onError: drop leaves out bad, empty and too long prompts
  reward: {kind: model, path: runs/reward/model}   # what completions are chosen by
  gold: null                 # what is measured besides: a reward function likewise
  n: 16                      # 1, 2, 4, 8, 16; or a list, such as [1, 2, 3, 10]
  generation: {maxNewTokens: 64, temperature: 1, topP: 1}
  batchSize: 64              # completions computed together
  seed: 0
${REWARD_HELP}
${PROMPT_HELP}

The run's folder:
  manifest.json    settings with all defaults, hashes of the inputs, versions, hardware
  samples.jsonl    one line per prompt: {"index", "prompt", "promptIds", "reward": [N], "gold": [N],
                   "lengths": [N], "finished": [N], "best": {"sample", "text", "ids", "finish"}}, where
                   best is the best of N; equal rewards are decided by the seed
  results.json     prompts, queries of each reward function and, for every n, n, reward, reward_error,
                   gold, gold_error, kl_bound, length (tokens) and eos_rate

Means are over prompts, errors standard errors. All estimates are unbiased: they average over all
ways to draw n of the N completions. --json prints the results, one n per line.

Ctrl-C stops it; whatever ended a run, --resume with the same settings goes on after the prompts that
are done, and results are the same to the last bit. A reward function that fails, takes longer than
timeoutMs or gives anything but one finite number per completion ends the run, and loses nothing.

Examples:
  $ preflab best-of-n --config bon.yaml --out runs/bon
  $ preflab best-of-n --config bon.yaml --out runs/bon --resume
  $ preflab best-of-n --config bon.yaml --set n=[1,4,16,64] --set data.count=128 --json
`;

/** Adds `best-of-n`. */
export function addBestOfNCommand(parent: Command, io: Io): void {
  const command = parent.command("best-of-n").description("the best of N samples by reward");
  addTrainingOptions(command)
    .addHelpText("after", HELP)
    .action(async (flags: TrainingFlags) => {
      const { bestOfN } = await import("../training/best-of-n.ts");
      await bestOfN(flags, io);
    });
}
