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

/** How much is computed at once, of methods that pass over completions. */
const BATCH_HELP = `  batchSize: 16              # completions computed together: memory and time, not results, depend on it;
                             # more take more memory, and pad more where completions differ in length
`;

/** The score section, of methods whose scores are rewards. @param unfinished its default */
export function scoreHelp(unfinished: string): string {
  return `  score: {scale: none, center: false, clip: none, unfinished: ${unfinished}}
                             # scale: by the deviation of scores so far (running) or of the first step
                             # (reference); center: less their mean; clip: within plus and minus this;
${UNFINISHED_HELP}`;
}

/** What becomes of scores of completions without an end. */
export const UNFINISHED_HELP = `                             # unfinished: what a completion without an end gets: its score less value
                             # (subtract), value (replace), or its score (none)
`;

/** Health, which only methods with such metrics look at in full. */
const HEALTH_HELP = `  health: {action: warn, patience: 3, entropyFloor: 0.05, lengthFactor: 3, eosFactor: 10, klLimit: 50,
           ratioLimit: 1.0e+4}
                             # signs of collapse, after so many steps in a row; action: stop ends the
                             # run with a checkpoint, off looks for none; a bound may be none
`;

/** The end of a config file of methods that pass over completions. */
export const PASSES_HELP: string = HEALTH_HELP + BATCH_HELP + ROLLOUT_LENGTH_HELP;

/** The optimizer of TRL's later trainers. */
export const TRL_OPTIMIZER_HELP = `  optimizer: {name: adamw, lr: 1.0e-6, betas: [0.9, 0.999], eps: 1.0e-8, weightDecay: 0,
              schedule: linear, warmupSteps: 0, maxGradNorm: 1.0}
                             # or adam, adam_epsilon_hat, sgd, rmsprop (alpha, momentum); constant, cosine
`;

/** What methods that pass over completions, without values, log. */
export const PASSES_METRICS_HELP = `
More of metrics.jsonl: clip_fraction, approx_kl/k1, k2, k3, ratio/mean, ratio/min, ratio/max (means over
updates, extremes apart), epochs (passes taken) and updates.`;

/** What there is to know beside settings. */
export const ROLLOUT_HELP = `${REWARD_HELP}
  A reward model whose trunk is the reference's, byte for byte, as preflab reward leaves it with trunk:
  frozen, takes neither memory nor a pass over completions of its own; time/measure is then that of both.
${PROMPT_HELP}

metrics.jsonl: score/mean, score/std (of the reward function), reward/mean (shaped score less the
weighted divergence), kl/exact, kl/k1, kl/k2, kl/k3 (KL(policy || reference) in nats per completion, each
with its standard error, as kl/exact_error), kl/weight, entropy (nats per token), length/mean, length/max,
eos_rate, distinct_1, distinct_2 (shares of different words and pairs of words, as tokens), queries
(completions scored so far), time/rollout, time/score, time/measure, time/update (ms; all that differs
between two runs of the same settings). With data.eval: eval/score and, with gold,
eval/gold, each with its standard error and its own count of queries, eval/kl, eval/kl_error, eval/length
and eval/eos_rate.

A reward function that fails, takes longer than timeoutMs or gives anything but one finite number per
completion ends the run with code 1, as do numbers that are not finite and a full disk; the last
checkpoint is good, and --resume goes on from it. Beside what is named below, gold, health, and timeoutMs
and how an http service is reached may then have other values, and a module may be mended: its hash in
manifest.json tells.
${TRAINING_HELP}`;
