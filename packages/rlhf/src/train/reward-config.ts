/** Settings of reward training. */

import {
  ConfigError,
  OptionReader,
  readTrainerConfig,
  TRAINER_DEFAULTS,
  type TrainerConfig,
} from "@preflab/lm";

/** Settings of a run. */
export interface RewardConfig extends TrainerConfig {
  /** Use the margins that pairs bring along; pairs without one have margin 0. */
  readonly margins: boolean;
  /** Weight of `mean((r_w + r_l)^2)`; 0 for none. TRL's documentation suggests 0.01. */
  readonly centerWeight: number;
}

/** Defaults; the learning rate is TRL's for reward models. */
export const REWARD_DEFAULTS: RewardConfig = {
  ...TRAINER_DEFAULTS,
  optimizer: { ...TRAINER_DEFAULTS.optimizer, lr: 1e-4 },
  margins: false,
  centerWeight: 0,
};

/** Settings from an untrusted object. @throws ConfigError for unknown keys and bad values */
export function parseRewardConfig(raw: unknown): RewardConfig {
  const reader = new OptionReader("reward", raw);
  const config = readRewardConfig(reader);
  reader.finish();
  return config;
}

/** Settings from a reader whose other keys the caller reads. @throws ConfigError */
export function readRewardConfig(reader: OptionReader): RewardConfig {
  const config = {
    ...readTrainerConfig(reader, REWARD_DEFAULTS),
    margins: reader.boolean("margins", REWARD_DEFAULTS.margins),
    centerWeight: reader.number("centerWeight", REWARD_DEFAULTS.centerWeight, 0, Number.MAX_VALUE),
  };
  if (config.dropout > 0) {
    throw new ConfigError(
      `reward: expected dropout 0, got ${config.dropout}: two texts are compared, which noise in ` +
        "each of them blurs.",
    );
  }
  return config;
}
