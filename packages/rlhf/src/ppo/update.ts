/** One optimizer step of PPO on a minibatch of rollouts. */

import { BATCH_PROGRAMS, batchesByLength, optimizerRule, type Variables } from "@preflab/lm";
import {
  type LossOutput,
  type MicroBatch,
  type StepResult,
  type TrainStep,
  trainStep,
} from "@preflab/tfjs-backend-ort";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { maskedMean } from "../losses/aggregate.ts";
import { ppoLoss } from "../losses/ppo-loss.ts";
import { clippedValueLosses } from "../losses/value-loss.ts";
import { policyScores } from "../rollouts/measure.ts";
import {
  completionWidth,
  type Rollout,
  type RolloutTensors,
  rolloutLength,
  rolloutTensors,
  tokenTensor,
} from "../rollouts/rollouts.ts";
import type { TokenNumbers } from "../token-numbers.ts";
import type { ActorCritic } from "./actor-critic.ts";
import type { PpoSettings } from "./settings.ts";

/** Rollouts with everything that an update needs, one row of numbers per rollout. */
export interface Minibatch {
  readonly rollouts: readonly Rollout[];
  /** Of the policy that sampled, at the sampling temperature, nats. */
  readonly oldLogps: TokenNumbers;
  readonly oldValues: TokenNumbers;
  readonly advantages: TokenNumbers;
  readonly returns: TokenNumbers;
}

/** How a minibatch is computed. */
export interface UpdaterOptions {
  /** Rollouts computed together; memory, not results, depends on it. */
  readonly batchSize: number;
  /** Most tokens of a text. */
  readonly maxLength: number;
}

/** Takes optimizer steps. */
export interface PpoUpdater {
  /** Of the optimizer, for checkpoints. */
  readonly step: TrainStep<StepTensors>;
  /**
   * One step on the losses of all completion tokens of a minibatch alike. Numbers before the update;
   * of extreme ratios the mean over micro-batches.
   */
  update(lr: number, minibatch: Minibatch): Promise<StepResult>;
  dispose(): void;
}

/** Tensors of a micro-batch: those of `RolloutTensors`, then `[B, C]` numbers per token. */
type StepTensors = [
  ids: Tensor2D,
  attentionMask: Tensor2D,
  places: Tensor2D,
  targets: Tensor2D,
  mask: Tensor2D,
  oldLogps: Tensor2D,
  oldValues: Tensor2D,
  advantages: Tensor2D,
  returns: Tensor2D,
];

/** The last four of {@link StepTensors} by name. */
type StepNumbers = Readonly<Record<"oldLogps" | "oldValues" | "advantages" | "returns", Tensor2D>>;

type Settings = Pick<PpoSettings, "optimizer" | "update" | "rollout">;

/** An updater of a policy and its values, whose variables change in place. */
export function ppoUpdater(
  model: ActorCritic,
  settings: Settings,
  options: UpdaterOptions,
): PpoUpdater {
  const { update, rollout } = settings;
  const loss = (batch: RolloutTensors, numbers: StepNumbers) => {
    const { policy, values } = model.forward(batch);
    const scores = policyScores(policy, batch, rollout.temperature);
    return ppoLoss({ mask: batch.mask, ...scores, values, ...numbers }, update);
  };
  return updater("ppo", model.variables, loss, settings, options);
}

/** An updater of the values alone. */
export function valueUpdater(
  model: ActorCritic,
  settings: Settings,
  options: UpdaterOptions,
): PpoUpdater {
  const { valueClipRange, valueWeight } = settings.update;
  const loss = (batch: RolloutTensors, { oldValues, returns }: StepNumbers) => {
    const { values } = model.forward(batch);
    const { losses } = clippedValueLosses(values, oldValues, returns, valueClipRange);
    const value: Scalar = maskedMean(losses, batch.mask);
    return { loss: tf.mul(value, valueWeight) as Scalar, metrics: { "loss/value": value } };
  };
  return updater("ppoValues", model.valueVariables, loss, settings, options);
}

function updater(
  name: string,
  variables: Variables,
  loss: (batch: RolloutTensors, numbers: StepNumbers) => LossOutput,
  { optimizer }: Settings,
  { batchSize, maxLength }: UpdaterOptions,
): PpoUpdater {
  const step = trainStep<StepTensors>({
    ...BATCH_PROGRAMS,
    name,
    params: variables,
    rule: optimizerRule(optimizer),
    loss: (...[ids, attentionMask, places, targets, mask, ...numbers]) => {
      const [oldLogps, oldValues, advantages, returns] = numbers;
      return loss(
        { ids, attentionMask, places, targets, mask },
        { oldLogps, oldValues, advantages, returns },
      );
    },
    skipNonFinite: true,
    ...(optimizer.maxGradNorm > 0 && { maxGradNorm: optimizer.maxGradNorm }),
  });
  const update = async (lr: number, minibatch: Minibatch) => {
    const lengths = minibatch.rollouts.map(rolloutLength);
    const parts = batchesByLength(lengths, batchSize).map((rows) =>
      microBatch(minibatch, rows, maxLength),
    );
    try {
      return await step.runAccumulated(lr, parts);
    } finally {
      for (const { batch } of parts) tf.dispose([...batch]);
    }
  };
  return { step, update, dispose: () => step.dispose() };
}

/** Some rollouts of a minibatch; all losses are means over their tokens. */
function microBatch(
  minibatch: Minibatch,
  rows: readonly number[],
  maxLength: number,
): MicroBatch<StepTensors> {
  const pick = <Item>(items: readonly Item[]) => rows.map((row) => items[row] as Item);
  const rollouts = pick(minibatch.rollouts);
  const width = completionWidth(rollouts, maxLength);
  const { ids, attentionMask, places, targets, mask } = rolloutTensors(rollouts, maxLength);
  const numbers = (["oldLogps", "oldValues", "advantages", "returns"] as const).map((name) =>
    tokenTensor(pick(minibatch[name]), width),
  ) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
  const weight = rollouts.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
  return { batch: [ids, attentionMask, places, targets, mask, ...numbers], weight };
}
