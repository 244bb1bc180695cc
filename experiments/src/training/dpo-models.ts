/** The models of `preflab dpo` in memory: the policy, its reference, and no more than is needed. */
import type { LoraConfig, Params, Predictor } from "@preflab/lm";
import { dispose } from "@tensorflow/tfjs-core";
import type { Io } from "../io.ts";
import { type DpoData, type DpoReference, openReference } from "./dpo-reference.ts";
import type { DpoSettings } from "./dpo-settings.ts";
import { type Trainable, trainable } from "./trainable.ts";
import type { TrainingModel } from "./training-model.ts";

/** What a run is made of, once all that can be wrong with it was looked at. */
export interface DpoRun {
  readonly settings: DpoSettings;
  readonly model: TrainingModel;
  /** Null for the model as it is loaded. */
  readonly reference: TrainingModel | null;
  readonly lora: LoraConfig | null;
  readonly data: DpoData;
}

/** Models in memory. */
export interface DpoModels {
  readonly trained: Trainable;
  readonly reference: DpoReference;
  /** The reference as it was at the start, if a divergence is to be measured from it. */
  readonly start: Predictor | null;
  /** Frees all of them. */
  dispose(): void;
}

/**
 * Loads the models. The reference is loaded if the objective compares with one, or if it is named in
 * the settings and a divergence is to be measured; it is released once it is not needed any more.
 * @throws InterruptedError when the user interrupts
 */
export async function openModels(
  { settings, model, reference: other, lora, data }: DpoRun,
  io: Pick<Io, "err" | "signal">,
): Promise<DpoModels> {
  const { training, generation, cache } = settings;
  const { name, usesReference } = training.objective;
  const measures = data.held !== null && generation.prompts > 0;
  const isLoaded = usesReference || (measures && other !== null);
  if (other && !isLoaded) io.err(`reference: not loaded, since ${name} compares with none\n`);

  const otherWeights = other && isLoaded ? await other.weights() : null;
  const ownWeights = otherWeights ? null : await model.weights();
  const params = (otherWeights ?? ownWeights) as Params;
  const start = isLoaded ? { config: (other ?? model).config, params } : null;
  const reference = await openReference(start, data, training, cache, io);
  const isKept = start !== null && (measures || reference.needsModel);
  if (otherWeights && !isKept) dispose({ ...otherWeights });

  const weights = ownWeights ?? (await model.weights());
  const trained = trainable(model, weights, lora, training.seed);
  const isReference = isKept && weights === params;
  if (lora === null && !isReference) dispose({ ...weights });
  return {
    trained,
    reference,
    start: measures ? start : null,
    dispose: () => {
      reference.dispose();
      trained.dispose();
      dispose([{ ...params }, { ...weights }]);
    },
  };
}
