/** The commands of `preflab`, in the order in which help lists them. */

/** What help says of a command. */
export interface Command {
  readonly name: string;
  readonly summary: string;
}

/** Commands that are planned; none is built yet, and calling one is an error that says so. */
export const PLANNED: readonly Command[] = [
  { name: "objective", summary: "losses and gradients of a preference objective" },
  { name: "logps", summary: "log-probabilities of completions under a model" },
  { name: "generate", summary: "completions sampled from a model" },
  { name: "score", summary: "scores of a reward model" },
  { name: "model", summary: "describe or download a model" },
  { name: "data", summary: "inspect or lint a preference dataset" },
  { name: "sft", summary: "supervised fine-tuning" },
  { name: "reward", summary: "train a reward model" },
  { name: "dpo", summary: "direct preference optimization" },
  { name: "ppo", summary: "RLHF with proximal policy optimization" },
  { name: "best-of-n", summary: "the best of N samples by reward" },
  { name: "chat", summary: "talk to a model" },
  { name: "compare", summary: "completions of several models side by side" },
  { name: "run", summary: "one run of an experiment's sweep" },
  { name: "sweep", summary: "all runs of an experiment" },
  { name: "tune", summary: "an equal tuning budget for every method" },
  { name: "report", summary: "figures and tables of an experiment" },
  { name: "regress", summary: "a small run against the committed expectation" },
];
