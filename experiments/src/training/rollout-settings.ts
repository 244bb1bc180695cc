/** Settings of a run of a method that learns from its own samples, and what can be wrong with them. */
import { ConfigError, type LoraConfig, type OptionReader } from "@preflab/lm";
import type { DataSettings } from "./data-settings.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { type ModelSettings, readModelSettings } from "./model-settings.ts";
import { type PromptSettings, readPromptSettings } from "./prompt-data.ts";
import { type RewardSettings, readOptionalReward, readRewardSettings } from "./reward-settings.ts";
import { checkReward, type RewardSource } from "./reward-source.ts";
import type { Method, RolloutConfig } from "./rollout-method.ts";
import { checkTrainerSettings } from "./run.ts";
import { readSampleMeterSettings, type SampleMeterSettings } from "./sample-meter.ts";
import { checkReference, type TrainingModel } from "./training-model.ts";

/** Where prompts come from. */
export interface RolloutData extends PromptSettings, Pick<DataSettings, "train" | "eval"> {}

/** Which completions samples.jsonl shows. */
export interface ShownSettings {
  /** Steps between those of training; 0 for none. Each evaluation shows its own. */
  readonly every: number;
  /** The first ones of a step, and of an evaluation. */
  readonly count: number;
}

/** Settings of a config file. */
export interface RolloutRunSettings<Config> {
  readonly model: ModelSettings;
  /** A model folder, a GGUF file or `ORG/NAME`; null for the model as it is loaded. */
  readonly reference: string | null;
  readonly data: RolloutData;
  readonly reward: RewardSettings;
  /** Measured at evaluations alone; null for nothing. */
  readonly gold: RewardSettings | null;
  /** Read once the model's family is known, on which defaults depend. */
  readonly lora: OptionReader | null;
  readonly samples: ShownSettings;
  readonly generation: SampleMeterSettings;
  readonly training: Config;
}

/** What settings name, found but not loaded. */
export interface RolloutParts {
  readonly model: TrainingModel;
  /** Null for the model as it is loaded. */
  readonly reference: TrainingModel | null;
  readonly reward: RewardSource;
  readonly gold: RewardSource | null;
}

/** Settings from a reader. @throws ConfigError */
export function readRolloutSettings<Config extends RolloutConfig>(
  reader: OptionReader,
  method: Method<Config>,
): RolloutRunSettings<Config> {
  const training = method.read(reader);
  const settings = {
    model: readModelSettings(reader),
    reference: reader.string("reference", null),
    data: readData(reader),
    reward: readRewardSettings(reader, "reward"),
    gold: readOptionalReward(reader, "gold"),
    lora: reader.has("lora") ? reader.object("lora") : null,
    samples: readShown(reader),
    generation: readSampleMeterSettings(reader, training.rollout.maxNewTokens),
    training,
  };
  checkLengths(settings);
  return settings;
}

/**
 * Checks settings against what they name.
 * @throws ConfigError
 */
export function checkRolloutSettings<Config extends RolloutConfig>(
  { training, data }: RolloutRunSettings<Config>,
  { model, reference, reward, gold }: RolloutParts,
  lora: LoraConfig | null,
  method: Method<Config>,
): void {
  const { maxLength, score } = training;
  checkTrainerSettings(training, data, model.config);
  checkReference(model, model, maxLength, ["model"]);
  if (reference) checkReference(reference, model, maxLength, ["reference"]);
  for (const source of [reward, gold]) if (source) checkReward(source, model, maxLength);
  if (model.config.specialIds.eos === null && score.unfinished.mode === "replace") {
    throw new ConfigError(
      "score.unfinished: expected another mode than replace, since the model has no end-of-text " +
        "token: no completion would end, and all would have the same score. Set it to {mode: none}, " +
        "or name an eos_token_id in the model's config.json.",
      ["score", "unfinished", "mode"],
    );
  }
  method.check?.(training, { model, reward, lora });
}

/**
 * The settings as the manifest has them, by the names of the config file. A module's hash is among
 * them, since its author may mend it; so is that of a gold reward, on which training does not depend.
 * @param lora with its defaults
 */
export function resolvedRolloutSettings<Config extends RolloutConfig>(
  { training, ...rest }: RolloutRunSettings<Config>,
  { reward, gold }: RolloutParts,
  lora: LoraConfig | null,
  method: Method<Config>,
): { readonly seed: number } {
  const module = reward.settings.kind === "module" ? reward.fingerprint : null;
  const resolved = {
    ...rest,
    ...{ reward: { ...reward.settings, module } },
    ...{ gold: gold && { ...gold.settings, file: gold.fingerprint } },
    lora,
    ...(method.resolved?.(training) ?? training),
    seed: training.seed,
  };
  return resolved;
}

/** The hash that a resumed run must find again; null where there is none, or it may change. */
export function fixedFingerprint({ settings, fingerprint }: RewardSource): Fingerprint | null {
  return settings.kind === "module" ? null : fingerprint;
}

function readData(reader: OptionReader): RolloutData {
  const own = reader.object("data");
  const train = own.string("train", null);
  if (train === null) throw own.wrong("train", "a file or folder of prompts");
  const data = { train, eval: own.string("eval", null), ...readPromptSettings(own) };
  own.finish();
  return data;
}

function readShown(reader: OptionReader): ShownSettings {
  const own = reader.object("samples");
  const shown = { every: own.integer("every", 0, 0), count: own.integer("count", 4, 0) };
  own.finish();
  return shown;
}

/** @throws ConfigError for settings that exclude each other */
function checkLengths({
  training: { rollout, maxLength },
  data,
  gold,
  generation,
}: RolloutRunSettings<RolloutConfig>): void {
  const lengths = {
    rollout: rollout.maxNewTokens,
    ...(data.eval !== null && { generation: generation.maxNewTokens }),
  };
  for (const [key, tokens] of Object.entries(lengths)) {
    if (tokens < maxLength) continue;
    throw new ConfigError(
      `${key}: expected maxNewTokens below maxLength ${maxLength}, which counts the prompt as well, ` +
        `got ${tokens}.`,
      [key, "maxNewTokens"],
    );
  }
  if (gold === null || (data.eval !== null && generation.prompts > 0)) return;
  throw new ConfigError(
    "gold: expected data.eval and generation.prompts above 0 with a gold reward, which measures " +
      "evaluations alone. To train on it, make it the reward.",
    ["gold"],
  );
}
