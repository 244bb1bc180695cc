/** What a method that learns from its own samples brings to a run; each has a file of its own. */
import type {
  EarlyStopConfig,
  LoraConfig,
  OptionReader,
  Params,
  Resumed,
  TrainablePolicy,
  TrainOutcome,
  Variables,
} from "@preflab/lm";
import type { MethodInputs, ReferenceModel, RolloutHooks, ScoreSettings } from "@preflab/rlhf";
import type { RewardSource } from "./reward-source.ts";
import type { TrainingModel } from "./training-model.ts";

/** Settings that every method has. */
export interface RolloutConfig {
  readonly rollout: { readonly maxNewTokens: number };
  readonly score: Pick<ScoreSettings, "unfinished">;
  readonly maxSteps: number;
  /** Longest prompt and completion together, tokens. */
  readonly maxLength: number;
  /** Completions computed together. */
  readonly batchSize: number;
  readonly seed: number;
  readonly evalEvery: number;
  readonly saveEvery: number;
  /** Of methods that can end early. */
  readonly earlyStop?: EarlyStopConfig;
}

/** What a run starts from. */
export interface RolloutStart {
  readonly policy: TrainablePolicy;
  /** Of the policy at the start; only good until the learner is made. */
  readonly params: Params;
  readonly reference: ReferenceModel;
  readonly reward: RewardSource;
}

/** A policy that is ready to learn. */
export interface Learner {
  /** What checkpoints hold. */
  readonly variables: Variables;
  /** See `trainPpo`. */
  train(
    inputs: MethodInputs,
    hooks: RolloutHooks,
    resume: Resumed | undefined,
  ): Promise<TrainOutcome>;
  /** Frees what is not the policy's. */
  dispose(): void;
}

/** What settings are checked against. */
export interface RolloutContext {
  readonly model: TrainingModel;
  readonly reward: RewardSource;
  readonly lora: LoraConfig | null;
}

/** A method. */
export interface Method<Config extends RolloutConfig> {
  /** The command. */
  readonly name: string;
  /** Its settings; other keys are the caller's. @throws ConfigError */
  read(reader: OptionReader): Config;
  /** Checks settings against what they are used with. @throws ConfigError */
  check?(config: Config, context: RolloutContext): void;
  /** Settings as the manifest has them, where they are not those that it works with. */
  resolved?(config: Config): object;
  /** Makes a policy ready. */
  learner(start: RolloutStart, config: Config): Promise<Learner>;
}
