/** The models of a run that learns from its own samples in memory, and no more than are needed. */
import type { LoraConfig } from "@preflab/lm";
import type { CheckedReward, ReferenceModel } from "@preflab/rlhf";
import { dispose } from "@tensorflow/tfjs-core";
import type { Learner, Method, RolloutConfig } from "./rollout-method.ts";
import type { RolloutParts } from "./rollout-settings.ts";
import { type Trainable, trainable } from "./trainable.ts";

/** Models in memory. */
export interface RolloutModels {
  readonly trained: Trainable;
  readonly learner: Learner;
  readonly reference: ReferenceModel;
  readonly reward: CheckedReward;
  readonly gold: CheckedReward | null;
  /** Frees all of them. */
  dispose(): void;
}

/**
 * Loads the models. The reference shares its weights with what a policy starts from, if it can, and
 * with a reward model on the same trunk.
 */
export async function openRolloutModels<Config extends RolloutConfig>(
  { model, reference: other, reward, gold }: RolloutParts,
  method: Method<Config>,
  config: Config,
  lora: LoraConfig | null,
): Promise<RolloutModels> {
  const params = await model.weights();
  const trained = trainable(model, params, lora, config.seed);
  const otherParams = other && (await other.weights());
  const reference = { config: (other ?? model).config, params: otherParams ?? params };
  const { policy } = trained;
  const learner = await method.learner({ policy, params, reference, reward }, config);
  if (otherParams && lora === null) dispose({ ...params });
  const beside = await reward.openBeside(reference, config);
  const measured = gold && (await gold.open(config));
  return {
    ...{ trained, learner, ...beside, gold: measured },
    dispose: () => {
      beside.reward.dispose();
      measured?.dispose();
      learner.dispose();
      trained.dispose();
      dispose([{ ...params }, { ...otherParams }]);
    },
  };
}
