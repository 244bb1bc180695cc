/** Settings that all trainers share: optimizer, batches, length of the run. */

import { adamEpsilonHat, adamL2, adamw } from "../optim/adam.ts";
import { rmsprop } from "../optim/rmsprop.ts";
import type { OptimizerRule } from "../optim/rule.ts";
import { cosine, linear, type Schedule } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { type EarlyStopConfig, NO_EARLY_STOP, readEarlyStop } from "./early-stop.ts";
import { ConfigError, type OptionReader } from "./options.ts";

const OPTIMIZERS = ["adamw", "adam", "adam_epsilon_hat", "rmsprop", "sgd"] as const;
/** Less than any data set's step. */
const LEAST_EPOCHS = 1e-9;

/** Beyond this, hardly anything is left to learn from. */
const MOST_DROPOUT = 0.99;

const SCHEDULES = ["constant", "linear", "cosine"] as const;

/** Settings of an optimizer; those of the others are not read. */
export interface OptimizerConfig {
  /**
   * `adam` adds weight decay to the gradient, `adamw` does not; `adam_epsilon_hat` is TensorFlow 1's,
   * without weight decay.
   */
  readonly name: (typeof OPTIMIZERS)[number];
  /** Highest learning rate. */
  readonly lr: number;
  /** adam, adamw: decay of the two moments. */
  readonly betas: readonly [number, number];
  /** adam, adamw, rmsprop. */
  readonly eps: number;
  /** rmsprop: decay of the mean square. */
  readonly alpha: number;
  /** rmsprop, sgd. */
  readonly momentum: number;
  readonly weightDecay: number;
  readonly schedule: (typeof SCHEDULES)[number];
  /** Steps before the learning rate is reached. */
  readonly warmupSteps: number;
  /** Gradients of a larger norm are scaled down to it; 0 for none. */
  readonly maxGradNorm: number;
}

/** Settings of a run. */
export interface TrainerConfig {
  readonly optimizer: OptimizerConfig;
  /** Rows of a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches of a step. */
  readonly gradAccum: number;
  /** Length of the run, in optimizer steps or in passes over the data: one of the two is null. */
  readonly maxSteps: number | null;
  /** Need not be whole. */
  readonly epochs: number | null;
  /** Longest row, tokens. */
  readonly maxLength: number;
  /** Share of elements left out in training, in `[0, 1)`, see `Dropout`. */
  readonly dropout: number;
  readonly seed: number;
  /** Steps between evaluations; 0: at the end only. */
  readonly evalEvery: number;
  /** Steps between checkpoints; 0: at the end only. */
  readonly saveEvery: number;
  readonly earlyStop: EarlyStopConfig;
}

/**
 * Defaults: those of the command line's minimal config; eps and alpha are torch's. The length of the
 * run has none.
 */
export const TRAINER_DEFAULTS: TrainerConfig = {
  optimizer: {
    name: "adamw",
    lr: 1e-6,
    betas: [0.9, 0.999],
    eps: 1e-8,
    alpha: 0.99,
    momentum: 0,
    weightDecay: 0,
    schedule: "constant",
    warmupSteps: 0,
    maxGradNorm: 1,
  },
  batchSize: 8,
  gradAccum: 1,
  maxSteps: null,
  epochs: null,
  maxLength: 512,
  dropout: 0,
  seed: 0,
  evalEvery: 0,
  saveEvery: 0,
  earlyStop: NO_EARLY_STOP,
};

/** Settings from a reader whose other keys the caller reads. @throws ConfigError */
export function readTrainerConfig(
  reader: OptionReader,
  defaults: TrainerConfig = TRAINER_DEFAULTS,
): TrainerConfig {
  return {
    optimizer: readOptimizer(reader.object("optimizer"), defaults.optimizer),
    batchSize: reader.integer("batchSize", defaults.batchSize, 1),
    gradAccum: reader.integer("gradAccum", defaults.gradAccum, 1),
    ...readRunLength(reader),
    maxLength: reader.integer("maxLength", defaults.maxLength, 2),
    dropout: reader.number("dropout", defaults.dropout, 0, MOST_DROPOUT),
    seed: reader.integer("seed", defaults.seed, 0),
    evalEvery: reader.integer("evalEvery", defaults.evalEvery, 0),
    saveEvery: reader.integer("saveEvery", defaults.saveEvery, 0),
    earlyStop: readEarlyStop(reader.object("earlyStop")),
  };
}

/**
 * Optimizer steps of a run.
 * @param stepsPerEpoch see `Batches`
 * @throws ConfigError unless one of maxSteps and epochs is given
 */
export function stepsOfRun(
  { maxSteps, epochs }: Pick<TrainerConfig, "maxSteps" | "epochs">,
  stepsPerEpoch: number,
): number {
  if (maxSteps !== null && epochs === null) return maxSteps;
  if (epochs !== null && maxSteps === null) return Math.max(1, Math.round(epochs * stepsPerEpoch));
  throw new ConfigError(
    `stepsOfRun: expected one of maxSteps and epochs, got ${maxSteps} and ${epochs}.`,
  );
}

function readRunLength(reader: OptionReader): Pick<TrainerConfig, "maxSteps" | "epochs"> {
  const given = (["maxSteps", "epochs"] as const).filter((key) => reader.has(key));
  if (given.length !== 1) {
    throw reader.error(
      given[0],
      `expected one of maxSteps and epochs, got ${given.join(" and ") || "none"}.`,
    );
  }
  return given[0] === "maxSteps"
    ? { maxSteps: reader.integer("maxSteps", 0, 1), epochs: null }
    : { maxSteps: null, epochs: reader.number("epochs", 0, LEAST_EPOCHS, Number.MAX_VALUE) };
}

/** Settings of an optimizer from a reader, which is finished. @throws ConfigError */
export function readOptimizer(reader: OptionReader, defaults: OptimizerConfig): OptimizerConfig {
  const most = Number.MAX_VALUE;
  const config = {
    name: reader.choice("name", defaults.name, OPTIMIZERS),
    lr: reader.number("lr", defaults.lr, 0, most),
    betas: reader.pair("betas", defaults.betas, 0, 1),
    eps: reader.number("eps", defaults.eps, 0, most),
    alpha: reader.number("alpha", defaults.alpha, 0, 1),
    momentum: reader.number("momentum", defaults.momentum, 0, most),
    weightDecay: reader.number("weightDecay", defaults.weightDecay, 0, most),
    schedule: reader.choice("schedule", defaults.schedule, SCHEDULES),
    warmupSteps: reader.integer("warmupSteps", defaults.warmupSteps, 0),
    maxGradNorm: reader.number("maxGradNorm", defaults.maxGradNorm, 0, most),
  };
  reader.finish();
  if (config.name === "adam_epsilon_hat" && config.weightDecay > 0) {
    throw reader.wrong("weightDecay", "0 with adam_epsilon_hat");
  }
  return config;
}

/** The optimizer that the settings describe. @throws Error when one of them is out of range */
export function optimizerRule(config: OptimizerConfig): OptimizerRule {
  const { name, betas, eps, alpha, momentum, weightDecay } = config;
  switch (name) {
    case "adamw":
      return adamw({ betas, eps, weightDecay });
    case "adam":
      return adamL2({ betas, eps, weightDecay });
    case "adam_epsilon_hat":
      return adamEpsilonHat({ betas, eps });
    case "rmsprop":
      return rmsprop({ alpha, eps, momentum, weightDecay });
    case "sgd":
      return sgd({ momentum, weightDecay });
  }
}

/**
 * The learning rate over a run. Warm-up is that of the DPO reference code for every schedule,
 * lr * step / (warmupSteps + 1), so that the first step moves; then constant, or transformers'
 * linear or cosine descent to 0 after `maxSteps`.
 */
export function scheduleOf(
  { lr, schedule, warmupSteps }: OptimizerConfig,
  maxSteps: number,
): Schedule {
  const descent = { constant: () => () => lr, linear, cosine }[schedule];
  const after = descent(lr, warmupSteps, maxSteps);
  return (step) => (step <= warmupSteps ? (lr * step) / (warmupSteps + 1) : after(step));
}
