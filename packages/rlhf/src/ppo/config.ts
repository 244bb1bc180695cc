/** Settings of a run of PPO: a preset and what is different from it. */

import { ConfigError, OptionReader, readOptimizer } from "@preflab/lm";
import {
  checkDivisors,
  checkHorizon,
  type RunSettings,
  readClipRange,
  readKl,
  readPasses,
  readRun,
  readScore,
} from "../rollouts/config.ts";
import { VARIANCE_KINDS } from "../statistics/moments.ts";
import { PRESET_NAMES, PRESETS, type PresetName } from "./presets.ts";
import {
  type AdvantageSettings,
  type PpoSettings,
  TRUNKS,
  type UpdateSettings,
  VALUE_STARTS,
  type ValueSettings,
  WHITENINGS,
} from "./settings.ts";

const MOST = Number.MAX_VALUE;
/** Above 0, where 0 makes no sense. */
const LEAST = Number.MIN_VALUE;

/** Settings of a run. */
export interface PpoConfig extends PpoSettings, RunSettings {
  readonly preset: PresetName;
  readonly rollout: RunSettings["rollout"];
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
    ...readRun(reader, settings.rollout, 1),
    score: readScore(reader.object("score"), settings.score),
    kl: readKl(reader.object("kl"), settings.kl),
    advantages: readAdvantages(reader.object("advantages"), settings.advantages),
    update: readUpdate(reader.object("update"), settings.update),
    value: readValue(reader.object("value"), settings.value),
  };
  checkTogether(config);
  return config;
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
    ...readPasses(reader, from),
    clipRange: readClipRange(reader, from.clipRange),
    valueClipRange: reader.numberOrNone("valueClipRange", from.valueClipRange, LEAST, MOST),
    valueWeight: reader.number("valueWeight", from.valueWeight, 0, MOST),
    entropyWeight: reader.number("entropyWeight", from.entropyWeight, 0, MOST),
  };
  reader.finish();
  return update;
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
  checkDivisors("ppo", rollout, update);
  checkHorizon("ppo", rollout, kl);
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
