/**
 * What results.json of a study holds: all numbers that figures and reports are made of, and the
 * words for them, so that they can be drawn again from this file alone. Nothing that differs from
 * run to run on one machine is in it: timings have a file of their own. Reading and writing are in
 * results-file.ts.
 */
import type { Comparisons } from "./comparisons.ts";
import type { Enumeration } from "./enumeration.ts";
import type { Json } from "./experiment.ts";

/** results.json. */
export interface StudyResults {
  readonly version: 1;
  readonly experiment: string;
  readonly preset: string;
  /** Seeds that methods are compared with, ascending. A baseline may have more. */
  readonly seeds: readonly number[];
  readonly labels: StudyLabels;
  /** Facts of the task, such as its entropy. */
  readonly task: JsonObject;
  /** The preset with everything resolved. */
  readonly config: JsonObject;
  /** Hash of the sources that made it. */
  readonly code: string;
  readonly deviations: readonly Deviation[];
  /** Most reward at a KL from the reference; ascending KL. Empty where it is not known. */
  readonly limit: readonly LimitSample[];
  /**
   * The same for the language itself, which the reference approximates, by KL from the language. No
   * limit of policies, whose KL is from the reference. Missing where it is not known.
   */
  readonly language_limit?: readonly LimitSample[];
  /** What was checked where all completions can be listed, of studies that do. */
  readonly enumeration?: Enumeration;
  readonly runs: readonly RunResult[];
  readonly best_of_n: readonly BestOfNPoint[];
  /** Replies against those of the data, where a study compares them. */
  readonly comparisons?: Comparisons;
  readonly statements: readonly Statement[];
}

/** A JSON object. */
export type JsonObject = Readonly<Record<string, Json>>;

/** Words of an experiment for figures and reports. */
export interface StudyLabels {
  /** Such as `Controlled sentiment`. */
  readonly title: string;
  /** What the numbers are of, and what they are not: a paragraph. */
  readonly about: string;
  /** Name of the gold reward, such as `gold reward (probability of positive)`. */
  readonly reward: string;
  /** Name of the reward that methods are trained on. */
  readonly proxy: string;
  /** Group of the runs of the reference policy, at KL 0. */
  readonly reference: string;
  /** Group that a claim is made for. */
  readonly subject: string;
  /** Groups that the subject is claimed to be better than. */
  readonly rivals: readonly string[];
  /** The claim that is tested, such as `DPO has the better frontier (Rafailov et al. 2023)`. */
  readonly claim: string;
  /** Groups in the order in which they are listed; others follow. */
  readonly groups: readonly string[];
}

/** Where this study departs from the paper. */
export interface Deviation {
  readonly item: string;
  readonly paper: string;
  readonly here: string;
  readonly why: string;
}

/** A point of the limit. */
export interface LimitSample {
  /** Nats. */
  readonly kl: number;
  readonly reward: number;
  readonly kind: "exact" | "importance";
  /** Effective sample size of importance sampling. */
  readonly ess?: number;
}

/** A method with a setting and a seed. */
export interface RunResult {
  readonly id: string;
  readonly method: string;
  /** Group and setting, such as `DPO β = 0.1`: the same for all seeds. */
  readonly label: string;
  /** Runs that are one method to a reader, such as `DPO`. */
  readonly group: string;
  readonly knobs: JsonObject;
  readonly seed: number;
  /** In the order of steps; the last is the run's result. Empty for failed runs. */
  readonly evaluations: readonly Evaluation[];
  /** Sequence KL that a controller aims at, nats. */
  readonly target_kl?: number;
  readonly costs: Costs;
  readonly samples: readonly SampleText[];
  readonly status: "ok" | "collapsed" | "failed";
  readonly note?: string;
}

/**
 * A policy on the test prompts. Errors are standard errors of means over completions. What is not
 * measured is left out.
 */
export interface Evaluation {
  readonly step: number;
  /** Pairs or completions trained on so far. */
  readonly examples: number;
  readonly gold: number;
  readonly gold_error: number;
  /** The learned reward. */
  readonly proxy?: number;
  readonly proxy_error?: number;
  /** Sequence KL from the reference, nats: exact per token, summed over sampled completions. */
  readonly kl: number;
  readonly kl_error: number;
  /** The same by the log-ratios of the sampled tokens. */
  readonly kl_k1: number;
  readonly kl_k1_error?: number;
  readonly kl_k3: number;
  readonly kl_k3_error?: number;
  /** Mean KL of the completions trained on, nats, as a controller sees it. */
  readonly rollout_kl?: number;
  /** Of the policy, nats per token. */
  readonly entropy?: number;
  /** Tokens of a completion. */
  readonly length: number;
  readonly eos_rate: number;
  /** Share of completions that the grammar accepts. */
  readonly validity?: number;
  readonly distinct_2: number;
  /** Mean log-probability of the chosen completions, nats. */
  readonly chosen_logp?: number;
  /** Mean preference over the data's replies at temperature 1, with its standard error. */
  readonly win_rate?: number;
  readonly win_rate_error?: number;
  /** Means over the validation prompts, by which points are selected. */
  readonly validation?: { readonly gold: number; readonly kl: number };
  /** Per test prompt, for intervals. The same prompts in every run. */
  readonly per_prompt?: { readonly gold: readonly number[]; readonly kl: readonly number[] };
}

/** What a run has used. */
export interface Costs {
  /** Completions scored by the gold reward while training. */
  readonly gold_queries: number;
  /** Labels from the gold reward. */
  readonly gold_labels: number;
  /** Completions scored by the reward model. */
  readonly reward_queries: number;
  readonly train_tokens: number;
  readonly sampled_tokens: number;
  readonly flops: number;
}

/** A completion for reading. */
export interface SampleText {
  readonly prompt: string;
  readonly completion: string;
  readonly gold: number;
}

/** The best of n completions of the reference. */
export interface BestOfNPoint {
  readonly n: number;
  readonly gold: number;
  readonly gold_error: number;
  /** Missing without a reward model. */
  readonly proxy?: number;
  /** `log n - (n - 1) / n`, nats. */
  readonly kl_bound: number;
  readonly kl_exact?: number;
  /** Mean preference over the data's replies, with its standard error over prompts. */
  readonly win_rate?: number;
  readonly win_rate_error?: number;
  /** Which reward chooses. */
  readonly by: "learned" | "gold";
}

/** A statement of the checklist of a faithful reproduction. */
export interface Statement {
  readonly number: number;
  readonly text: string;
  /** File or command that checks it. */
  readonly where: string;
  readonly outcome: "holds" | "fails" | "not applicable";
  readonly detail: string;
}

/** The last evaluation. @returns undefined for runs without any */
export function finalEvaluation(run: RunResult): Evaluation | undefined {
  return run.evaluations.at(-1);
}

/** Setting of a run within its group: the label without the group. Empty where they are the same. */
export function settingOf({ label, group }: Pick<RunResult, "label" | "group">): string {
  return label.startsWith(group) ? label.slice(group.length).replace(/^[\s,:]+/, "") : label;
}

/** Groups of all runs: those that labels list first, others in the order of their runs. */
export function groupsOf({ labels, runs }: Pick<StudyResults, "labels" | "runs">): string[] {
  const present = new Set(runs.map(({ group }) => group));
  return [...new Set([...labels.groups, ...present])].filter((group) => present.has(group));
}
