/** Settings of `preflab reward`: those of the trainer, and what they are applied to. */
import type { TruncationOptions } from "@preflab/data";
import type { OptionReader } from "@preflab/lm";
import { type RewardConfig, readRewardConfig } from "@preflab/rlhf";
import { readSplitDataSettings, readTruncation, type SplitDataSettings } from "./data-settings.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { type ModelSettings, readModelSettings } from "./model-settings.ts";

/** What is trained of a model: all of it, or the score head alone. */
const TRUNKS = ["trained", "frozen"] as const;

/** What transformers draws new heads with. */
const HEAD_DEVIATION = 0.02;

/** Samples from which gain and bias of the scores are found. */
export interface NormalizeSettings {
  /** The language model that writes them; null for the one that the reward model begins as. */
  readonly reference: string | null;
  /** Different prompts of the training data, the first ones. */
  readonly prompts: number;
  /** Completions of each. */
  readonly samples: number;
  readonly maxNewTokens: number;
}

/** Settings of a config file. */
export interface RewardRunSettings {
  readonly model: ModelSettings;
  readonly data: SplitDataSettings;
  readonly truncation: TruncationOptions;
  /** A frozen one stays that of the model, and the score head alone is trained. */
  readonly trunk: (typeof TRUNKS)[number];
  /** Standard deviation of a new score head. */
  readonly headDeviation: number;
  /** Null leaves scores as training makes them. */
  readonly normalize: NormalizeSettings | null;
  readonly training: RewardConfig;
}

/** Settings from a reader. @throws ConfigError */
export function readRewardRunSettings(reader: OptionReader): RewardRunSettings {
  const training = readRewardConfig(reader);
  return {
    model: readModelSettings(reader),
    data: readSplitDataSettings(reader),
    truncation: readTruncation(reader, training.maxLength),
    trunk: reader.choice("trunk", "trained", TRUNKS),
    headDeviation: reader.number("headDeviation", HEAD_DEVIATION, 0, Number.MAX_VALUE),
    normalize: reader.has("normalize") ? readNormalize(reader.object("normalize")) : null,
    training,
  };
}

/**
 * The settings as the manifest has them, by the names of the config file.
 * @param reference what writes the samples of the normalisation
 */
export function resolvedRewardSettings(
  { training, truncation, normalize, ...rest }: RewardRunSettings,
  reference: Fingerprint | null,
): { readonly seed: number } {
  const { mode, maxPromptLength = null } = truncation;
  const resolved = {
    ...rest,
    normalize: normalize && { ...normalize, reference },
    ...{ maxPromptLength, truncation: mode },
    ...training,
  };
  return resolved;
}

function readNormalize(reader: OptionReader): NormalizeSettings {
  const settings = {
    reference: reader.string("reference", null),
    prompts: reader.integer("prompts", 256, 1),
    samples: reader.integer("samples", 1, 1),
    maxNewTokens: reader.integer("maxNewTokens", 64, 1),
  };
  reader.finish();
  return settings;
}
