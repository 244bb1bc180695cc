/** Policy and values as the settings of a run have them at its start. */

import { fullPolicy, type Params, type TrainablePolicy, trainableParameters } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { type RewardModel, SCORE_HEAD, withScoreHead } from "../reward/reward-model.ts";
import { type ActorCritic, separateTrunks, sharedTrunk, valueHead } from "./actor-critic.ts";
import type { ValueSettings } from "./settings.ts";

/** What a value function of its own may start from; stays the caller's. */
export interface CriticStart {
  /** Of the policy as it is at the start, adapters merged. */
  readonly params: Params;
  /** For the start `reward`. */
  readonly rewardModel: Pick<RewardModel, "config" | "params" | "normalization"> | null;
}

/**
 * Gives a policy values. The caller disposes `valueVariables`.
 * @param seed of fresh heads
 * @throws Error for a start from a reward model where there is none, or one with other tokens
 */
export function createActorCritic(
  policy: TrainablePolicy,
  { trunk, start, headDeviation }: Omit<ValueSettings, "warmupSteps">,
  { params, rewardModel }: CriticStart,
  seed: number,
): ActorCritic {
  const { config } = policy;
  if (trunk === "shared") return sharedTrunk(policy, valueHead(config, headDeviation, seed));
  if (start === "reward") return separateTrunks(policy, criticOfReward(policy, rewardModel));
  const critic = withScoreHead(config, params, { seed, deviation: headDeviation });
  const variables = trainableParameters(critic.params);
  critic.params[SCORE_HEAD]?.dispose();
  return separateTrunks(policy, fullPolicy(critic.config, variables));
}

/** A copy of the reward model whose head has the normalised scores' gain; their bias it learns. */
function criticOfReward(
  { config: { vocabSize } }: TrainablePolicy,
  rewardModel: CriticStart["rewardModel"],
): TrainablePolicy {
  if (rewardModel === null) {
    throw new Error(
      "createActorCritic: expected a reward model, which value.start reward begins from, got none. " +
        "Use value.start policy.",
    );
  }
  const { config, params, normalization } = rewardModel;
  if (config.vocabSize !== vocabSize) {
    throw new Error(
      `createActorCritic: expected a reward model with the policy's vocabulary of ${vocabSize} ` +
        `tokens, got ${config.vocabSize}. Use value.start policy.`,
    );
  }
  const variables = trainableParameters(params);
  tf.tidy(() => {
    const head = variables[SCORE_HEAD] as tf.Variable;
    head.assign(tf.mul(head, normalization.gain));
  });
  return fullPolicy(config, variables);
}
