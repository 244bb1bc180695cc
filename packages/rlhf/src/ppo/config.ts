/** Settings of a run of PPO: a preset and what is different from it. */

import { ConfigError, OptionReader, readOptimizer } from "@preflab/lm";
import { type HealthSettings, readHealth } from "../health/settings.ts";
import { KL_ESTIMATORS, type KlEstimator } from "../kl/estimators.ts";
import type { ClipRange } from "../losses/policy-loss.ts";
import type { KlSettings, ScoreSettings } from "../rollouts/rollout-stepper.ts";
import { SCORE_SCALES } from "../shaping/scale-scores.ts";
import { UNFINISHED_MODES } from "../shaping/unfinished.ts";
import { VARIANCE_KINDS } from "../statistics/moments.ts";
import { PRESET_NAMES, PRESETS, type PresetName } from "./presets.ts";
import {
  type AdvantageSettings,
  type PpoSettings,
  type RolloutSettings,
  TRUNKS,
  type UpdateSettings,
  VALUE_STARTS,
  type ValueSettings,
  WHITENINGS,
} from "./settings.ts";

const MOST = Number.MAX_VALUE;
/** Above 0, where 0 makes no sense. */
const LEAST = Number.MIN_VALUE;
const ESTIMATORS: readonly (KlEstimator | "exact")[] = [...KL_ESTIMATORS, "exact"];

/** Settings of a run. */
export interface PpoConfig extends PpoSettings {
  readonly preset: PresetName;
  readonly rollout: RolloutSettings & { readonly maxNewTokens: number };
  readonly health: HealthSettings;
  /** Steps of rollouts with all their updates. */
  readonly maxSteps: number;
  /** Longest prompt and completion together, tokens. */
  readonly maxLength: number;
  /** Completions computed together; memory, not results, depends on it. */
  readonly batchSize: number;
  readonly seed: number;
  /** Steps between evaluations; 0: at the end only. */
  readonly evalEvery: number;
  /** Steps between checkpoints; 0: at the end only. */
  readonly saveEvery: number;
}

/** Settings from an untrusted object. @throws ConfigError for unknown keys and bad values */
export function parsePpoConfig(raw: unknown): PpoConfig {
  const reader = new OptionReader("ppo", raw);
  const config = readPpoConfig(reader);
  reader.finish();
  return config;
}

/** Settings from a reader whose other keys the caller reads. @throws ConfigError */
export function readPpoConfig(reader: OptionReader): PpoConfig {
  const preset = reader.choice("preset", "n-details", PRESET_NAMES);
  const { settings } = PRESETS[preset];
  const config: PpoConfig = {
    preset,
    optimizer: readOptimizer(reader.object("optimizer"), settings.optimizer),
    rollout: readRollout(reader.object("rollout"), settings.rollout),
    score: readScore(reader.object("score"), settings.score),
    kl: readKl(reader.object("kl"), settings.kl),
    advantages: readAdvantages(reader.object("advantages"), settings.advantages),
    update: readUpdate(reader.object("update"), settings.update),
    value: readValue(reader.object("value"), settings.value),
    health: readHealth(reader.object("health")),
    maxSteps: reader.integer("maxSteps", 0, 1),
    maxLength: reader.integer("maxLength", 512, 2),
    batchSize: reader.integer("batchSize", 64, 1),
    seed: reader.integer("seed", 0, 0),
    evalEvery: reader.integer("evalEvery", 0, 0),
    saveEvery: reader.integer("saveEvery", 0, 0),
  };
  checkTogether(config);
  return config;
}

function readRollout(reader: OptionReader, from: RolloutSettings): PpoConfig["rollout"] {
  const rollout = {
    completions: reader.integer("completions", from.completions, 2),
    samplesPerPrompt: reader.integer("samplesPerPrompt", from.samplesPerPrompt, 1),
    maxNewTokens: reader.integer("maxNewTokens", from.maxNewTokens ?? 0, 1),
    temperature: reader.number("temperature", from.temperature, LEAST, MOST),
  };
  reader.finish();
  return rollout;
}

function readScore(reader: OptionReader, from: ScoreSettings): ScoreSettings {
  const unfinished = reader.object("unfinished");
  const score = {
    scale: reader.choice("scale", from.scale, SCORE_SCALES),
    center: reader.boolean("center", from.center),
    clip: reader.numberOrNone("clip", from.clip, LEAST, MOST),
    unfinished: {
      mode: unfinished.choice("mode", from.unfinished.mode, UNFINISHED_MODES),
      value: unfinished.number("value", from.unfinished.value, -MOST, MOST),
    },
  };
  unfinished.finish();
  reader.finish();
  return score;
}

function readKl(reader: OptionReader, from: KlSettings): KlSettings {
  const kl = {
    estimator: reader.choice("estimator", from.estimator, ESTIMATORS),
    initial: reader.number("initial", from.initial, 0, MOST),
    target: reader.numberOrNone("target", from.target, LEAST, MOST),
    horizon: reader.number("horizon", from.horizon, LEAST, MOST),
  };
  reader.finish();
  return kl;
}

function readAdvantages(reader: OptionReader, from: AdvantageSettings): AdvantageSettings {
  const advantages = {
    gamma: reader.number("gamma", from.gamma, 0, 1),
    lambda: reader.number("lambda", from.lambda, 0, 1),
    whitenRewards: reader.boolean("whitenRewards", from.whitenRewards),
    whiten: reader.choice("whiten", from.whiten, WHITENINGS),
    variance: reader.choice("variance", from.variance, VARIANCE_KINDS),
  };
  reader.finish();
  return advantages;
}

function readUpdate(reader: OptionReader, from: UpdateSettings): UpdateSettings {
  const update = {
    epochs: reader.integer("epochs", from.epochs, 1),
    minibatches: reader.integer("minibatches", from.minibatches, 1),
    clipRange: readClipRange(reader, from.clipRange),
    valueClipRange: reader.numberOrNone("valueClipRange", from.valueClipRange, LEAST, MOST),
    valueWeight: reader.number("valueWeight", from.valueWeight, 0, MOST),
    entropyWeight: reader.number("entropyWeight", from.entropyWeight, 0, MOST),
    stopKl: reader.numberOrNone("stopKl", from.stopKl, LEAST, MOST),
  };
  reader.finish();
  return update;
}

/** One number for both sides, or an object. */
function readClipRange(reader: OptionReader, from: ClipRange): ClipRange {
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

function readValue(reader: OptionReader, from: ValueSettings): ValueSettings {
  const value = {
    trunk: reader.choice("trunk", from.trunk, TRUNKS),
    start: reader.choice("start", from.start, VALUE_STARTS),
    headDeviation: reader.number("headDeviation", from.headDeviation, 0, MOST),
    warmupSteps: reader.integer("warmupSteps", from.warmupSteps, 0),
  };
  reader.finish();
  return value;
}

/** @throws ConfigError for settings that exclude each other */
function checkTogether({ rollout, update, kl, advantages, value }: PpoConfig): void {
  const { completions, samplesPerPrompt } = rollout;
  const parts = {
    "rollout.samplesPerPrompt": samplesPerPrompt,
    "update.minibatches": update.minibatches,
  };
  for (const [name, divisor] of Object.entries(parts)) {
    if (completions % divisor === 0) continue;
    throw new ConfigError(
      `ppo: expected ${name} to divide the ${completions} completions of a step, got ${divisor}.`,
      name.split("."),
    );
  }
  if (kl.target !== null && completions >= 5 * kl.horizon) {
    throw new ConfigError(
      `ppo: expected kl.horizon above a fifth of the ${completions} completions of a step, got ` +
        `${kl.horizon}: the weight could reach 0.`,
      ["kl", "horizon"],
    );
  }
  if (advantages.whitenRewards && advantages.whiten === "none") {
    throw new ConfigError(
      "ppo: expected advantages.whiten batch or minibatch with whitenRewards, which says over what " +
        "rewards are whitened, got none.",
      ["advantages", "whiten"],
    );
  }
  if (value.trunk === "shared" && value.start === "reward") {
    throw new ConfigError(
      "ppo: expected value.start policy with a shared trunk, which is the policy's, got reward.",
      ["value", "start"],
    );
  }
}
