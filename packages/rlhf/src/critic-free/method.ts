/** What methods without a value function make of a step's rollouts. */

import type { OptimizerConfig, TrainablePolicy } from "@preflab/lm";
import type { LossOutput } from "@preflab/tfjs-backend-ort";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { groupsOf } from "../advantages/groups.ts";
import {
  type ComparedScores,
  completionStates,
  type Meter,
  policyLogps,
} from "../rollouts/measure.ts";
import { passes } from "../rollouts/passes.ts";
import type { Experience, RolloutMethod } from "../rollouts/rollout-stepper.ts";
import type { PassSettings } from "../rollouts/settings.ts";
import { type RolloutLoss, rolloutUpdater, type UpdaterOptions } from "../rollouts/updater.ts";

/** Numbers of a minibatch of B completions, of up to C tokens. */
export interface CriticFreeBatch {
  /** `[B, C]`, 1 for completion tokens. */
  readonly mask: Tensor2D;
  /** `[B, C]` nats at the sampling temperature: of the policy in training, which has a gradient. */
  readonly logps: Tensor2D;
  /** `[B, C]` nats, when the completions were sampled. */
  readonly oldLogps: Tensor2D;
  /** `[B, C]` nats. */
  readonly referenceLogps: Tensor2D;
  /** `[B]` */
  readonly advantages: Tensor1D;
}

/** What sets one method apart from another. */
export interface CriticFreeParts {
  /** For messages, such as `rloo`. */
  readonly name: string;
  readonly optimizer: OptimizerConfig;
  readonly update: PassSettings;
  /** Completions of a prompt, which are next to each other. */
  readonly samplesPerPrompt: number;
  /** Rewards of completions, from scores that are shaped. */
  rewards(experience: Experience<never>): Float64Array;
  /** Advantages of completions, from rewards in the order of the rollouts. */
  advantages(rewards: Float64Array): Float64Array;
  /** In a graph. */
  loss(batch: CriticFreeBatch): LossOutput;
  /** What the loss is a mean over. */
  readonly meanOver: RolloutLoss<never>["meanOver"];
}

/** How it is computed. */
export interface CriticFreeOptions extends UpdaterOptions {
  /** Of sampling. */
  readonly temperature: number;
  /** Of the order of minibatches. */
  readonly seed: number;
}

/** A method of learning from rollouts. @param meter is disposed with the method */
export function criticFreeMethod(
  policy: TrainablePolicy,
  meter: Meter<keyof ComparedScores>,
  parts: CriticFreeParts,
  options: CriticFreeOptions,
): RolloutMethod<never> {
  const { samplesPerPrompt, update, optimizer } = parts;
  const updater = rolloutUpdater(lossOf(policy, parts, options), optimizer, options);
  return {
    meter,
    update: async (step, lr, experience) => {
      const { samples, measured } = experience;
      const rewards = parts.rewards(experience);
      const advantages = parts.advantages(rewards);
      const { rollouts } = samples;
      const passOptions = { ...update, count: rollouts.length, seed: options.seed, step };
      const outcome = await passes(passOptions, (rows) => {
        const pick = <Item>(items: readonly Item[]) => rows.map((row) => items[row] as Item);
        return updater.update(lr, {
          rollouts: pick(rollouts),
          oldLogps: pick(measured.logps),
          referenceLogps: pick(measured.referenceLogps),
          advantages: rows.map((row) =>
            new Float64Array(rollouts[row]?.completionIds.length ?? 0).fill(
              advantages[row] as number,
            ),
          ),
        });
      });
      const equal_groups = shareOfEqualGroups(rewards, samplesPerPrompt);
      return { ...outcome, metrics: { ...outcome.metrics, equal_groups } };
    },
    state: () => updater.step.state(),
    restore: (state) => updater.step.restore(state),
    dispose: () => {
      meter.dispose();
      updater.dispose();
    },
  };
}

/** All tokens of a completion, of which there is at least one, have its advantage. */
function lossOf(
  policy: TrainablePolicy,
  { name, meanOver, loss }: CriticFreeParts,
  { temperature }: CriticFreeOptions,
): RolloutLoss<"oldLogps" | "referenceLogps" | "advantages"> {
  const { config, variables } = policy;
  return {
    ...{ name, variables, meanOver },
    numbers: ["oldLogps", "referenceLogps", "advantages"],
    compute: (batch, { oldLogps, referenceLogps, advantages }) => {
      const params = policy.parameters();
      const states = completionStates(config, params, batch);
      const logps = policyLogps({ config, params, states }, batch, temperature);
      return loss({
        ...{ mask: batch.mask, logps, oldLogps, referenceLogps },
        advantages: tf.reshape(tf.slice(advantages, [0, 0], [-1, 1]), [-1]),
      });
    },
  };
}

/** Prompts whose completions have all the same reward, from which nothing is learned. */
function shareOfEqualGroups(rewards: Float64Array, size: number): number {
  const groups = groupsOf(rewards, size);
  return groups.filter((group) => group.every((x) => x === group[0])).length / groups.length;
}
