/** What an optimizer step of PPO minimises: losses of policy and values, or of the values alone. */

import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { maskedMean } from "../losses/aggregate.ts";
import { ppoLoss } from "../losses/ppo-loss.ts";
import { clippedValueLosses } from "../losses/value-loss.ts";
import { policyLogps, policyScores } from "../rollouts/measure.ts";
import { type RolloutUpdater, rolloutUpdater, type UpdaterOptions } from "../rollouts/updater.ts";
import type { ActorCritic } from "./actor-critic.ts";
import type { PpoSettings } from "./settings.ts";

/** Per completion token: of the policy that sampled, at its temperature, and what became of rewards. */
const NUMBERS = ["oldLogps", "oldValues", "advantages", "returns"] as const;

/** Takes optimizer steps; all completion tokens of a minibatch count alike. */
export type PpoUpdater = RolloutUpdater<(typeof NUMBERS)[number]>;

type Settings = Pick<PpoSettings, "optimizer" | "update" | "rollout">;

/** An updater of a policy and its values, whose variables change in place. */
export function ppoUpdater(
  model: ActorCritic,
  { optimizer, update, rollout }: Settings,
  options: UpdaterOptions,
): PpoUpdater {
  return rolloutUpdater(
    {
      ...{ name: "ppo", variables: model.variables, numbers: NUMBERS, meanOver: "tokens" },
      compute: (batch, numbers) => {
        const { policy, values } = model.forward(batch);
        const scoresOf = update.entropyWeight === 0 ? withoutEntropy : policyScores;
        const scores = scoresOf(policy, batch, rollout.temperature);
        return ppoLoss({ mask: batch.mask, ...scores, values, ...numbers }, update);
      },
    },
    optimizer,
    options,
  );
}

/** Where the entropy has no weight it is not worth its matrix product. */
function withoutEntropy(...args: Parameters<typeof policyLogps>): {
  readonly logps: Tensor2D;
  readonly entropy: null;
} {
  return { logps: policyLogps(...args), entropy: null };
}

/** An updater of the values alone. */
export function valueUpdater(
  model: ActorCritic,
  { optimizer, update: { valueClipRange, valueWeight } }: Settings,
  options: UpdaterOptions,
): PpoUpdater {
  const variables = model.valueVariables;
  return rolloutUpdater(
    {
      ...{ name: "ppoValues", variables, numbers: NUMBERS, meanOver: "tokens" },
      compute: (batch, { oldValues, returns }) => {
        const { values } = model.forward(batch);
        const { losses } = clippedValueLosses(values, oldValues, returns, valueClipRange);
        const value: Scalar = maskedMean(losses, batch.mask);
        return { loss: tf.mul(value, valueWeight) as Scalar, metrics: { "loss/value": value } };
      },
    },
    optimizer,
    options,
  );
}
