/** Training a reward model on pairs: the shared loop with the loss of ../reward/reward-loss.ts. */

import type { TokenizedPair } from "@preflab/data";
import {
  BATCH_PROGRAMS,
  completionRow,
  type GradientTraining,
  padBatch,
  paddedLength,
  type Snapshot,
  type StepOrder,
  stepOrder,
  type TokenRow,
  type TrainablePolicy,
  type TrainHooks,
  type TrainOutcome,
  toTensors,
  trainOnBatches,
} from "@preflab/lm";
import type { MicroBatch } from "@preflab/tfjs-backend-ort";
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { centering, rewardLosses } from "../reward/reward-loss.ts";
import { rewardScores } from "../reward/reward-model.ts";
import type { RewardConfig } from "./reward-config.ts";

/** Of B pairs: ids and mask `[2 B, T]`, chosen texts first, and margins `[B]`. */
type StepTensors = [ids: Tensor2D, attentionMask: Tensor2D, margins: Tensor1D];

/** What is trained with, beside model and settings. */
export interface RewardInputs {
  readonly pairs: readonly TokenizedPair[];
  /** In consecutive order instead of shuffled. Default false. */
  readonly inOrder?: boolean;
}

/** The order in which a run sees its pairs. */
export function rewardOrder(
  { pairs, inOrder = false }: RewardInputs,
  config: Pick<RewardConfig, "batchSize" | "gradAccum" | "seed">,
): StepOrder {
  const { batchSize, gradAccum, seed } = config;
  return stepOrder(pairs.map(longestText), { batchSize, gradAccum, seed, shuffle: !inOrder });
}

/**
 * Trains a model of one label on pairs; its variables change in place. Loss and gradient are those of
 * a whole step's pairs, however they are cut into micro-batches; of `min_reward` and `max_reward` the
 * mean over micro-batches is reported.
 * @param resume a checkpoint whose parameters the model already has
 * @throws NonFiniteError, see `runLoop`
 * @throws Error for texts that are too long
 */
export async function trainReward(
  model: TrainablePolicy,
  inputs: RewardInputs,
  config: RewardConfig,
  hooks: TrainHooks = {},
  resume?: Snapshot & { readonly name: string },
): Promise<TrainOutcome> {
  checkLengths(inputs.pairs, config.maxLength);
  const order = rewardOrder(inputs, config);
  const training: GradientTraining<StepTensors> = {
    programs: BATCH_PROGRAMS,
    name: "trainReward",
    variables: model.variables,
    loss: (...tensors) => batchLoss(model, config, tensors),
    batches: (step) =>
      order.at(step).map((indices): MicroBatch<StepTensors> => {
        const pairs = indices.map((i) => inputs.pairs[i] as TokenizedPair);
        return { batch: stepTensors(pairs, config), weight: pairs.length };
      }),
    stepsPerEpoch: order.stepsPerEpoch,
  };
  return trainOnBatches(training, config, hooks, resume);
}

function batchLoss(
  { config: model, parameters }: TrainablePolicy,
  { centerWeight }: RewardConfig,
  [ids, attentionMask, margins]: StepTensors,
): { loss: Scalar; metrics: Record<string, Scalar> } {
  const rewards = rewardScores(model, parameters(), ids, attentionMask);
  const [chosen, rejected] = tf.split(rewards, 2) as [Tensor1D, Tensor1D];
  const loss: Scalar = tf.mean(rewardLosses(chosen, rejected, margins));
  return {
    loss:
      centerWeight === 0 ? loss : tf.add(loss, tf.mul(centering(chosen, rejected), centerWeight)),
    metrics: {
      accuracy: tf.mean(tf.cast(tf.greater(chosen, rejected), "float32")),
      margin: tf.mean(tf.sub(chosen, rejected)),
      min_reward: tf.min(rewards),
      mean_reward: tf.mean(rewards),
      max_reward: tf.max(rewards),
    },
  };
}

/** The tensors of some pairs. */
function stepTensors(
  pairs: readonly TokenizedPair[],
  { maxLength, margins }: RewardConfig,
): StepTensors {
  const { chosen, rejected } = pairTexts(pairs);
  const longest = Math.max(...pairs.map(longestText));
  const length = paddedLength(longest, maxLength);
  const rows = [...chosen, ...rejected].map((ids): TokenRow => ({ ids }));
  const { ids, attentionMask, completionMask } = toTensors(padBatch(rows, rows.length, length, 0));
  completionMask.dispose();
  const numbers = pairs.map(({ meta }) => (margins ? (meta?.margin ?? 0) : 0));
  return [ids, attentionMask, tf.tensor1d(numbers)];
}

/** Token ids of both texts of every pair, prompt included. */
export function pairTexts(pairs: readonly TokenizedPair[]): {
  readonly chosen: readonly ArrayLike<number>[];
  readonly rejected: readonly ArrayLike<number>[];
} {
  return {
    chosen: pairs.map(({ promptIds, chosenIds }) => completionRow(promptIds, chosenIds).ids),
    rejected: pairs.map(({ promptIds, rejectedIds }) => completionRow(promptIds, rejectedIds).ids),
  };
}

function longestText({ promptIds, chosenIds, rejectedIds }: TokenizedPair): number {
  return promptIds.length + Math.max(chosenIds.length, rejectedIds.length);
}

/** @throws Error naming the first pair that is too long, or that has no tokens */
function checkLengths(pairs: readonly TokenizedPair[], maxLength: number): void {
  const isWrong = (pair: TokenizedPair) => {
    const { promptIds, chosenIds, rejectedIds } = pair;
    const shortest = promptIds.length + Math.min(chosenIds.length, rejectedIds.length);
    return longestText(pair) > maxLength || shortest === 0;
  };
  const wrong = pairs.findIndex(isWrong);
  if (wrong < 0) return;
  throw new Error(
    `trainReward: expected texts of 1 to ${maxLength} tokens, got up to ` +
      `${longestText(pairs[wrong] as TokenizedPair)} in pair ${wrong}. Cut texts while tokenising, ` +
      "or raise maxLength.",
  );
}
