/** Settings that all trainers share: optimizer, batches, length of the run. */

import { adamL2, adamw } from "../optim/adam.ts";
import { rmsprop } from "../optim/rmsprop.ts";
import type { OptimizerRule } from "../optim/rule.ts";
import { cosine, linear, type Schedule } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { ConfigError, type OptionReader } from "./options.ts";

const OPTIMIZERS = ["adamw", "adam", "rmsprop", "sgd"] as const;
const SCHEDULES = ["constant", "linear", "cosine"] as const;

/** Settings of an optimizer; those of the others are not read. */
export interface OptimizerConfig {
  /** `adam` adds weight decay to the gradient, `adamw` does not. */
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
  readonly maxSteps: number;
  /** Longest row, tokens. */
  readonly maxLength: number;
  /** Always 0: there is no seeded implementation. */
  readonly dropout: 0;
  readonly seed: number;
  /** Steps between evaluations; 0: at the end only. */
  readonly evalEvery: number;
  /** Steps between checkpoints; 0: at the end only. */
  readonly saveEvery: number;
}

/** Defaults: those of the command line's minimal config; eps and alpha are torch's. */
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
  maxSteps: 24,
  maxLength: 512,
  dropout: 0,
  seed: 0,
  evalEvery: 0,
  saveEvery: 0,
};

/** Settings from a reader whose other keys the caller reads. @throws ConfigError */
export function readTrainerConfig(
  reader: OptionReader,
  defaults: TrainerConfig = TRAINER_DEFAULTS,
): TrainerConfig {
  const dropout = reader.number("dropout", 0, 0, 1);
  if (dropout > 0) {
    throw new ConfigError(
      `dropout: expected 0, got ${dropout}. There is no dropout yet that a checkpoint could continue.`,
    );
  }
  return {
    optimizer: readOptimizer(reader.object("optimizer"), defaults.optimizer),
    batchSize: reader.integer("batchSize", defaults.batchSize, 1),
    gradAccum: reader.integer("gradAccum", defaults.gradAccum, 1),
    maxSteps: reader.integer("maxSteps", defaults.maxSteps, 1),
    maxLength: reader.integer("maxLength", defaults.maxLength, 2),
    dropout: 0,
    seed: reader.integer("seed", defaults.seed, 0),
    evalEvery: reader.integer("evalEvery", defaults.evalEvery, 0),
    saveEvery: reader.integer("saveEvery", defaults.saveEvery, 0),
  };
}

function readOptimizer(reader: OptionReader, defaults: OptimizerConfig): OptimizerConfig {
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
