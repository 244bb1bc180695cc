/** The numbers of a study: sizes, budgets and what each method is trained with. */
import type { Json } from "../study/experiment.ts";

/** The language model that a study starts from. */
export type BackboneSettings = ScratchBackbone | PretrainedBackbone;

/** What is the same for both kinds. */
interface BackboneTraining {
  /** Longest prompt with its completion, tokens. */
  readonly maxLength: number;
  /** Most texts that it learns from, and held-out ones. */
  readonly texts: number;
  readonly heldOut: number;
  /** Texts of a step. */
  readonly batchSize: number;
  readonly lr: number;
  /** Nats per token that it may be above the language's entropy, where that is known. Default 0.05. */
  readonly largestGap?: number;
  /** Of initial weights and of the order of data. */
  readonly seed: number;
  readonly threads: number;
}

/** Trained from scratch. Texts are no longer than a prompt with its completion. */
export interface ScratchBackbone extends BackboneTraining {
  readonly kind: "scratch";
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly steps: number;
}

/** A published model, which a stage of the task brings along, fine-tuned on the task's texts. */
export interface PretrainedBackbone extends BackboneTraining {
  readonly kind: "pretrained";
  /** 0 leaves it as it was published. */
  readonly epochs: number;
  /** Longest text that it learns from, tokens. */
  readonly textLength: number;
  /** Parts that a step is computed in. */
  readonly microBatches: number;
}

/** A reference that is fine-tuned on chosen completions, as the paper's where no other is there. */
export interface PreferredFtSettings {
  readonly epochs: number;
  readonly batchSize: number;
  /** Parts that a step is computed in, where all of it does not fit into memory. Default 1. */
  readonly microBatches?: number;
  readonly lr: number;
  readonly seed: number;
  readonly threads: number;
}

/** Completions of the reference, of training and validation prompts. */
export interface CompletionSettings {
  /** Training prompts that are used. */
  readonly prompts: number;
  /** Completions of each. */
  readonly completions: number;
  readonly seed: number;
}

/** The reward model. */
export interface RewardModelSettings {
  /** At most 3 in the paper. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Parts that a step is computed in, where all of it does not fit into memory. Default 1. */
  readonly microBatches?: number;
  readonly lr: number;
  /** Pairs of validation prompts that the best checkpoint is chosen by. */
  readonly evaluations: number;
  readonly seed: number;
  readonly threads: number;
}

/** What every policy is measured on. */
export interface EvaluationSettings {
  /** Test prompts. */
  readonly prompts: number;
  /** Completions of each. */
  readonly samples: number;
  /** Held-out pairs whose chosen completions are scored. */
  readonly pairs: number;
  /** Of the samples: the same for all policies at all steps. */
  readonly seed: number;
  /** Texts that are kept to be read. */
  readonly shown: number;
}

/** Direct methods: those that learn from pairs or chosen texts. */
export interface DirectSettings {
  readonly steps: number;
  readonly batchSize: number;
  /** Parts that a step is computed in, where all of it does not fit into memory. Default 1. */
  readonly microBatches?: number;
  /** By method: `dpo`, `ipo`, `cdpo`, `unlikelihood`, `preferred_ft`. */
  readonly lr: Readonly<Record<string, number>>;
  readonly warmupSteps: number;
  /** Optimizer steps between evaluations. */
  readonly evalEvery: number;
}

/** PPO: a preset of the library, and what a study changes. */
export interface PpoStudySettings {
  /** Settings as `preflab ppo` reads them, without length, model and data. */
  readonly settings: Json;
  /** Steps of rollouts. */
  readonly steps: number;
  /** Steps of rollouts between evaluations. */
  readonly evalEvery: number;
}

/** Many completions of the reference, for best-of-n and the limit. */
export interface PoolSettings {
  /** Completions of each of the evaluation's prompts. */
  readonly samples: number;
  /** Values of n, up to the samples. */
  readonly ns: readonly number[];
  readonly seed: number;
}

/** Replies of finished policies that are compared with those of the data. */
export interface ComparisonSettings {
  /** On the evaluation's prompts; 0 is greedy. */
  readonly temperatures: readonly number[];
  /** Replies to a prompt at temperatures above 0. */
  readonly samples: number;
  /** Most prompts on new topics. */
  readonly newTopics: number;
  readonly newTopicTemperatures: readonly number[];
  /** Completions that best-of-n chooses from. */
  readonly bestOf: number;
  /** Of the replies: the same for all policies and temperatures. */
  readonly seed: number;
}

/** What all studies have; each adds what its methods are swept over. */
export interface StudySettings {
  readonly backbone: BackboneSettings;
  readonly rewardModel: RewardModelSettings;
  readonly evaluation: EvaluationSettings;
  readonly pool: PoolSettings;
  /** Of studies whose task compares replies. */
  readonly comparison?: ComparisonSettings;
  readonly maxNewTokens: number;
  readonly direct: DirectSettings;
  /** By the reward that PPO is trained on. */
  readonly ppo: Readonly<Record<"learned" | "gold", PpoStudySettings>>;
  /** What the methods are swept over, which is each study's own. */
  readonly grid: object;
  /** Seeds of every method. */
  readonly seeds: number;
  /** Most texts that are computed together; no result depends on it beyond rounding. */
  readonly batchTokens: number;
  /** Most completions that are sampled together: each takes a cache of keys and values. */
  readonly sampledRows: number;
}
