/** Readers of settings that all methods on rollouts share. */

import { ConfigError, type OptionReader } from "@preflab/lm";
import { type HealthSettings, readHealth } from "../health/settings.ts";
import { KL_ESTIMATORS, type KlEstimator } from "../kl/estimators.ts";
import type { ClipRange } from "../losses/policy-loss.ts";
import { SCORE_SCALES } from "../shaping/scale-scores.ts";
import { UNFINISHED_MODES, type UnfinishedScore } from "../shaping/unfinished.ts";
import type { KlSettings, ScoreSettings } from "./rollout-stepper.ts";
import type { PassSettings, RolloutSettings } from "./settings.ts";

const MOST = Number.MAX_VALUE;
/** Above 0, where 0 makes no sense. */
const LEAST = Number.MIN_VALUE;
const ESTIMATORS: readonly (KlEstimator | "exact")[] = [...KL_ESTIMATORS, "exact"];

/** What is sampled, for how long, and what it is watched for. */
export interface RunSettings {
  readonly rollout: RolloutSettings & { readonly maxNewTokens: number };
  readonly health: HealthSettings;
  /** Steps of rollouts with all their updates. */
  readonly maxSteps: number;
  /** Longest prompt and completion together, tokens. */
  readonly maxLength: number;
  /**
   * Completions computed together; memory and time, not results, depend on it: few are of similar
   * length, and so little is padded.
   */
  readonly batchSize: number;
  readonly seed: number;
  /** Steps between evaluations; 0: at the end only. */
  readonly evalEvery: number;
  /** Steps between checkpoints; 0: at the end only. */
  readonly saveEvery: number;
}

/**
 * Settings of a run from a reader whose other keys the caller reads.
 * @param leastSamples of a prompt that the method can do with
 * @throws ConfigError
 */
export function readRun(
  reader: OptionReader,
  rollout: RolloutSettings,
  leastSamples: number,
): RunSettings {
  return {
    rollout: readRollout(reader.object("rollout"), rollout, leastSamples),
    health: readHealth(reader.object("health")),
    maxSteps: reader.integer("maxSteps", 0, 1),
    maxLength: reader.integer("maxLength", 512, 2),
    batchSize: reader.integer("batchSize", 16, 1),
    seed: reader.integer("seed", 0, 0),
    evalEvery: reader.integer("evalEvery", 0, 0),
    saveEvery: reader.integer("saveEvery", 0, 0),
  };
}

/** Settings of `rollout`. @param leastSamples see {@link readRun} @throws ConfigError */
export function readRollout(
  reader: OptionReader,
  from: RolloutSettings,
  leastSamples: number,
): RunSettings["rollout"] {
  const rollout = {
    completions: reader.integer("completions", from.completions, 2),
    samplesPerPrompt: reader.integer("samplesPerPrompt", from.samplesPerPrompt, leastSamples),
    maxNewTokens: reader.integer("maxNewTokens", from.maxNewTokens ?? 0, 1),
    temperature: reader.number("temperature", from.temperature, LEAST, MOST),
  };
  reader.finish();
  return rollout;
}

/** Settings of `score`. @throws ConfigError */
export function readScore(reader: OptionReader, from: ScoreSettings): ScoreSettings {
  const score = {
    scale: reader.choice("scale", from.scale, SCORE_SCALES),
    center: reader.boolean("center", from.center),
    clip: reader.numberOrNone("clip", from.clip, LEAST, MOST),
    unfinished: readUnfinished(reader.object("unfinished"), from.unfinished),
  };
  reader.finish();
  return score;
}

/** Settings of `unfinished`. @throws ConfigError */
export function readUnfinished(reader: OptionReader, from: UnfinishedScore): UnfinishedScore {
  const unfinished = {
    mode: reader.choice("mode", from.mode, UNFINISHED_MODES),
    value: reader.number("value", from.value, -MOST, MOST),
  };
  reader.finish();
  return unfinished;
}

/** Settings of `kl`, where the penalty is a part of the reward. @throws ConfigError */
export function readKl(reader: OptionReader, from: KlSettings): KlSettings {
  const kl = {
    estimator: reader.choice("estimator", from.estimator, ESTIMATORS),
    initial: reader.number("initial", from.initial, 0, MOST),
    target: reader.numberOrNone("target", from.target, LEAST, MOST),
    horizon: reader.number("horizon", from.horizon, LEAST, MOST),
  };
  reader.finish();
  return kl;
}

/** Settings of passes among others of `update`, which the caller finishes. @throws ConfigError */
export function readPasses(reader: OptionReader, from: PassSettings): PassSettings {
  return {
    epochs: reader.integer("epochs", from.epochs, 1),
    minibatches: reader.integer("minibatches", from.minibatches, 1),
    stopKl: reader.numberOrNone("stopKl", from.stopKl, LEAST, MOST),
  };
}

/** `clipRange`: one number for both sides, or an object. @throws ConfigError */
export function readClipRange(reader: OptionReader, from: ClipRange): ClipRange {
  if (typeof reader.value("clipRange") === "number") {
    const both = reader.number("clipRange", 0, LEAST, MOST);
    return { low: Math.min(1, both), high: both };
  }
  const range = reader.object("clipRange");
  const clipRange = {
    low: range.number("low", from.low, 0, 1),
    high: range.number("high", from.high, 0, MOST),
  };
  range.finish();
  return clipRange;
}

/**
 * @param where for messages, such as `ppo`
 * @throws ConfigError unless completions divide into prompts and minibatches
 */
export function checkDivisors(
  where: string,
  { completions, samplesPerPrompt }: RolloutSettings,
  { minibatches }: PassSettings,
): void {
  const parts = { "rollout.samplesPerPrompt": samplesPerPrompt, "update.minibatches": minibatches };
  for (const [name, divisor] of Object.entries(parts)) {
    if (completions % divisor === 0) continue;
    throw new ConfigError(
      `${where}: expected ${name} to divide the ${completions} completions of a step, got ` +
        `${divisor}.`,
      name.split("."),
    );
  }
}

/** @throws ConfigError where one step could lead the weight of the penalty to 0 */
export function checkHorizon(
  where: string,
  { completions }: RolloutSettings,
  { target, horizon }: KlSettings,
): void {
  if (target === null || completions < 5 * horizon) return;
  throw new ConfigError(
    `${where}: expected kl.horizon above a fifth of the ${completions} completions of a step, got ` +
      `${horizon}: the weight could reach 0.`,
    ["kl", "horizon"],
  );
}
