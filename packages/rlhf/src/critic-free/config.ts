/** Settings of runs of RLOO and GRPO: defaults, or a preset, and what is different from them. */

import { OptionReader, readOptimizer } from "@preflab/lm";
import { GROUP_SCALES, type GroupRelativeOptions } from "../advantages/group-relative.ts";
import { AGGREGATIONS } from "../losses/aggregate.ts";
import { KL_LOSSES } from "../losses/kl-loss.ts";
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
import { GRPO_PRESET_NAMES, GRPO_PRESETS, RLOO_DEFAULTS } from "./presets.ts";
import type { GrpoSettings, RlooSettings } from "./settings.ts";

const MOST = Number.MAX_VALUE;
/** A completion is compared with others of its prompt. */
const LEAST_SAMPLES = 2;

/** Settings of a run of RLOO. */
export interface RlooConfig extends RlooSettings, RunSettings {
  readonly rollout: RunSettings["rollout"];
}

/** Settings of a run of GRPO. */
export interface GrpoConfig extends GrpoSettings, RunSettings {
  readonly preset: (typeof GRPO_PRESET_NAMES)[number];
  readonly rollout: RunSettings["rollout"];
}

/** Settings from an untrusted object. @throws ConfigError for unknown keys and bad values */
export function parseRlooConfig(raw: unknown): RlooConfig {
  const reader = new OptionReader("rloo", raw);
  const config = readRlooConfig(reader);
  reader.finish();
  return config;
}

/** Settings from a reader whose other keys the caller reads. @throws ConfigError */
export function readRlooConfig(reader: OptionReader): RlooConfig {
  const { settings } = RLOO_DEFAULTS;
  const advantages = reader.object("advantages");
  const config: RlooConfig = {
    ...readRun(reader, settings.rollout, LEAST_SAMPLES),
    optimizer: readOptimizer(reader.object("optimizer"), settings.optimizer),
    score: readScore(reader.object("score"), settings.score),
    kl: readKl(reader.object("kl"), settings.kl),
    advantages: { whiten: advantages.boolean("whiten", settings.advantages.whiten) },
    update: readUpdate(reader.object("update"), settings.update),
  };
  advantages.finish();
  checkDivisors("rloo", config.rollout, config.update);
  checkHorizon("rloo", config.rollout, config.kl);
  return config;
}

/** Settings from an untrusted object. @throws ConfigError for unknown keys and bad values */
export function parseGrpoConfig(raw: unknown): GrpoConfig {
  const reader = new OptionReader("grpo", raw);
  const config = readGrpoConfig(reader);
  reader.finish();
  return config;
}

/** Settings from a reader whose other keys the caller reads. @throws ConfigError */
export function readGrpoConfig(reader: OptionReader): GrpoConfig {
  const preset = reader.choice("preset", "trl-1.10", GRPO_PRESET_NAMES);
  const { settings } = GRPO_PRESETS[preset];
  const update = reader.object("update");
  const { aggregation } = settings.update;
  const config: GrpoConfig = {
    ...readRun(reader, settings.rollout, LEAST_SAMPLES),
    preset,
    optimizer: readOptimizer(reader.object("optimizer"), settings.optimizer),
    score: readScore(reader.object("score"), settings.score),
    kl: readLossKl(reader.object("kl"), settings.kl),
    advantages: readGroups(reader.object("advantages"), settings.advantages),
    update: {
      aggregation: update.choice("aggregation", aggregation, AGGREGATIONS),
      ...readUpdate(update, settings.update),
    },
  };
  checkDivisors("grpo", config.rollout, config.update);
  return config;
}

function readUpdate(reader: OptionReader, from: RlooSettings["update"]): RlooSettings["update"] {
  const update = {
    ...readPasses(reader, from),
    clipRange: readClipRange(reader, from.clipRange),
  };
  reader.finish();
  return update;
}

function readLossKl(reader: OptionReader, from: GrpoSettings["kl"]): GrpoSettings["kl"] {
  const kl = {
    weight: reader.number("weight", from.weight, 0, MOST),
    loss: reader.choice("loss", from.loss, KL_LOSSES),
  };
  reader.finish();
  return kl;
}

function readGroups(reader: OptionReader, from: GroupRelativeOptions): GroupRelativeOptions {
  const advantages = {
    scale: reader.choice("scale", from.scale, GROUP_SCALES),
    variance: reader.choice("variance", from.variance, VARIANCE_KINDS),
    eps: reader.number("eps", from.eps, 0, MOST),
  };
  reader.finish();
  return advantages;
}
