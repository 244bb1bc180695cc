/** What an optimizer changes: all of a model, or adapters beside it; and the model that results. */

import { join } from "node:path";
import {
  fullPolicy,
  initialAdapter,
  type LoraConfig,
  loraPolicy,
  type ModelConfig,
  mergeAdapter,
  type Params,
  saveAdapter,
  saveModel,
  type TrainablePolicy,
  trainableParameters,
} from "@preflab/lm";
import { dispose } from "@tensorflow/tfjs-core";
import type { TrainingModel } from "./training-model.ts";

/** A model in training. */
export interface Trainable {
  readonly policy: TrainablePolicy;
  /** Writes the trained model below the folder of a run: `model`, and `adapter` if there is one. */
  save(folder: string): Promise<void>;
  /** Frees the parameters. */
  dispose(): void;
}

/**
 * Makes a model trainable.
 * @param weights of the model; stay the caller's, and with adapters in use
 * @param lora trains adapters of these settings; null trains all parameters
 * @param seed of fresh adapters
 */
export function trainable(
  model: Pick<TrainingModel, "config" | "inherited" | "name">,
  weights: Params,
  lora: LoraConfig | null,
  seed: number,
): Trainable {
  const { config } = model;
  if (lora === null) {
    const variables = trainableParameters(weights);
    return {
      policy: fullPolicy(config, variables),
      save: (folder) => writeModel(folder, model, variables),
      dispose: () => dispose({ ...variables }),
    };
  }
  const adapter = initialAdapter(config, lora, seed);
  return {
    policy: loraPolicy(config, weights, adapter),
    save: async (folder) => {
      await saveAdapter(join(folder, "adapter"), config, adapter, model.name);
      const merged = mergeAdapter(weights, adapter);
      await writeModel(folder, model, merged).finally(() => dispose(merged));
    },
    dispose: () => dispose({ ...adapter.variables }),
  };
}

function writeModel(
  folder: string,
  { config, inherited }: { readonly config: ModelConfig } & Pick<TrainingModel, "inherited">,
  params: Params,
): Promise<void> {
  return saveModel(join(folder, "model"), { ...inherited, config, params });
}
