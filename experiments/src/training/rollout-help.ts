/** What `--help` says that is the same for all methods that learn from their own samples. */
import { TRAINING_HELP } from "./flags.ts";
import { PROMPT_HELP, REWARD_HELP } from "./sampling-help.ts";

/** The beginning of a config file: what is trained on what. */
export const ROLLOUT_CONFIG_HELP = `  model: path/to/hf-folder   # or a GGUF file, ORG/NAME of a downloaded model, or
                             # {config: {a Hugging Face config.json}, init: random, tokenizer: dir}
  reference: null            # what the KL penalty is measured from, a model likewise; null: the model
                             # as it is loaded
  data: {train: prompts.jsonl, eval: null, unique: false, prefixTokens: null, maxPromptLength: null,
         format: auto, onError: fail}
                             # onError: drop leaves out bad, empty and too long prompts
  reward: {kind: model, path: runs/reward/model}   # what is trained on, see below
  gold: null                 # a reward function likewise, measured at evaluations and never trained on
  lora: null                 # or {rank: 8, alpha: 8, targetModules: [q_proj, v_proj]}
`;

/** The end of a config file: how long, how often, with how much memory. */
export const ROLLOUT_LENGTH_HELP = `  maxSteps: 100              # steps of rollouts with all their updates
  maxLength: 512             # tokens of prompt and completion
  batchSize: 64              # completions computed together: memory, not results, depends on it
  evalEvery: 0               # steps; 0: at the end, if there is data.eval
  generation: {prompts: 16, samples: 1, maxNewTokens: null}
                             # sampled from so many different prompts of data.eval at each evaluation,
                             # at temperature 1; null: as in rollout
  saveEvery: 0               # steps between checkpoints; 0: at the end
  samples: {every: 0, count: 4}
                             # so many completions of every so many steps, and so many of each
                             # evaluation, go into samples.jsonl with their scores
  seed: 0
`;

/** Health, which only methods with such metrics look at in full. */
export const HEALTH_HELP = `  health: {action: warn, patience: 3, entropyFloor: 0.05, lengthFactor: 3, eosFactor: 10, klLimit: 50,
           ratioLimit: 1.0e+4}
                             # signs of collapse, after so many steps in a row; action: stop ends the
                             # run with a checkpoint, off looks for none; a bound may be none
`;

/** What there is to know beside settings. */
export const ROLLOUT_HELP = `${REWARD_HELP}
${PROMPT_HELP}

metrics.jsonl: score/mean, score/std (of the reward function), reward/mean (shaped score less the
weighted divergence), kl/exact, kl/k1, kl/k2, kl/k3 (KL(policy || reference) in nats per completion, each
with its standard error, as kl/exact_error), kl/weight, entropy (nats per token), length/mean, length/max,
eos_rate, queries (completions scored so far), time/rollout, time/score, time/measure, time/update (ms;
all that differs between two runs of the same settings). With data.eval: eval/score and, with gold,
eval/gold, each with its standard error and its own count of queries, eval/kl, eval/kl_error, eval/length
and eval/eos_rate.

A reward function that fails, takes longer than timeoutMs or gives anything but one finite number per
completion ends the run with code 1, as do numbers that are not finite and a full disk; the last
checkpoint is good, and --resume goes on from it. Beside what is named below, gold, health, and timeoutMs
and how an http service is reached may then have other values, and a module may be mended: its hash in
manifest.json tells.
${TRAINING_HELP}`;
