/** The reward model of `preflab reward` in memory, and how it is written. */
import { join } from "node:path";
import type { TokenizedPair } from "@preflab/data";
import { fullPolicy, type ModelConfig, trainableParameters } from "@preflab/lm";
import {
  headPolicy,
  NO_NORMALIZATION,
  type Normalization,
  saveRewardModel,
  withScoreHead,
} from "@preflab/rlhf";
import { dispose } from "@tensorflow/tfjs-core";
import type { Io } from "../io.ts";
import type { RewardData } from "./reward-data.ts";
import { measureNormalization } from "./reward-normalization.ts";
import type { RewardRunSettings } from "./reward-run-settings.ts";
import type { Trainable } from "./trainable.ts";
import type { TrainingModel } from "./training-model.ts";

/** What a run is made of, once all that can be wrong with it was looked at. */
export interface RewardRun {
  readonly settings: RewardRunSettings;
  readonly model: TrainingModel;
  /** Writes the samples that scores are normalised on; null where they are not. */
  readonly reference: TrainingModel | null;
  readonly data: RewardData;
}

/** Loads the model of a run; a language model gets a score head in place of its own. */
export async function rewardTrainable(
  run: RewardRun,
  io: Pick<Io, "err" | "signal">,
): Promise<Trainable> {
  const { model, settings, data } = run;
  const { headDeviation, training, trunk } = settings;
  const weights = await model.weights();
  const { config, params } =
    model.config.labels === undefined
      ? withScoreHead(model.config, weights, { seed: training.seed, deviation: headDeviation })
      : { config: model.config, params: weights };
  const policy =
    trunk === "frozen"
      ? headPolicy(config, params)
      : fullPolicy(config, trainableParameters(params));
  const used = policy.parameters();
  const loaded = new Set([...Object.values(weights), ...Object.values(params)]);
  for (const tensor of Object.values(used)) loaded.delete(tensor);
  dispose([...loaded]);
  const normalization = async (): Promise<Normalization> => {
    const { reference } = run;
    if (settings.normalize === null || reference === null) return NO_NORMALIZATION;
    const options = { ...settings.normalize, ...training, batchSize: 2 * training.batchSize };
    return measureNormalization(policy, reference, data.train, options, io);
  };
  return {
    policy,
    save: async (folder) => {
      const { tokenizer } = model.inherited;
      await saveRewardModel(join(folder, "model"), {
        config: withTruePadding(config, data.train, io),
        params: used,
        normalization: await normalization(),
        ...(tokenizer !== undefined && { tokenizer }),
      });
    },
    dispose: () => dispose({ ...used }),
  };
}

/**
 * The config without a padding id that texts end with: transformers takes all tokens of that id for
 * padding, and would score such texts by the token before.
 */
function withTruePadding(
  config: ModelConfig,
  pairs: readonly TokenizedPair[],
  io: Pick<Io, "err">,
): ModelConfig {
  const { pad } = config.specialIds;
  const endsWith = (ids: ArrayLike<number>) => ids.length > 0 && ids[ids.length - 1] === pad;
  const isTrue = pairs.every(
    ({ chosenIds, rejectedIds }) => !endsWith(chosenIds) && !endsWith(rejectedIds),
  );
  if (pad === null || isTrue) return config;
  io.err(
    `warning: texts end with the model's padding token ${pad}; config.json is written without one, ` +
      "since transformers would read the token before it\n",
  );
  return { ...config, specialIds: { ...config.specialIds, pad: null } };
}
