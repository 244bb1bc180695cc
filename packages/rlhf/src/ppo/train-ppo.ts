/** Proximal policy optimization of a language model against a reward function. */

import type { Snapshot, TrainOutcome } from "@preflab/lm";
import { type MethodInputs, trainMethod } from "../rollouts/train-method.ts";
import type { RolloutHooks } from "../rollouts/train-rollouts.ts";
import { type ActorCritic, actorCriticMeter } from "./actor-critic.ts";
import type { PpoConfig } from "./config.ts";
import { ppoMethod } from "./method.ts";

/**
 * Trains policy and values, whose variables change in place: Ziegler et al. 2019 (arXiv:1909.08593),
 * section 2. Logits are divided by the sampling temperature wherever the models are evaluated.
 * @param resume a checkpoint whose values the variables already have
 * @throws as `trainMethod`
 */
export async function trainPpo(
  model: ActorCritic,
  inputs: MethodInputs,
  config: PpoConfig,
  hooks: RolloutHooks = {},
  resume?: Snapshot & { readonly name: string },
): Promise<TrainOutcome> {
  const { rollout, maxLength, batchSize, seed } = config;
  const { temperature } = rollout;
  const meter = actorCriticMeter(model, inputs.reference, { batchSize, maxLength, temperature });
  const method = ppoMethod(model, meter, config, { batchSize, maxLength, seed });
  return trainMethod("trainPpo", model.policy, method, inputs, config, hooks, resume);
}
