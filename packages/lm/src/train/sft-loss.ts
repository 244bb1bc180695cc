/** The loss of supervised fine-tuning: negative log-likelihood of completions. Pure. */

import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { predictionMask } from "../logps.ts";
import type { TokenBatch } from "../types.ts";
import { learnedPerRow, type PaddedBatch } from "./rows.ts";

/**
 * How token losses become one number. Rows without a token to learn never count.
 * - `tokenMean`: mean over all completion tokens of the batch; long rows weigh more.
 * - `sequenceMean`: mean over rows of each row's mean over its tokens.
 * - `sequenceSum`: mean over rows of each row's sum, as the DPO reference code has it: its learning
 *   rates belong to losses that grow with the length.
 */
export type SftReduction = "tokenMean" | "sequenceMean" | "sequenceSum";

/** All reductions, for messages and checks. */
export const SFT_REDUCTIONS: readonly SftReduction[] = ["tokenMean", "sequenceMean", "sequenceSum"];

/**
 * Negative log-likelihood of the completions of a batch.
 * @param tokenLogps `[B, T - 1]` nats, see `tokenLogps`
 * @param batch with at least one token to learn; without one the result is 0
 */
export function sftLoss(
  tokenLogps: Tensor2D,
  { attentionMask, completionMask }: TokenBatch,
  reduction: SftReduction = "tokenMean",
): Scalar {
  const completion = tf.cast(tf.slice(completionMask, [0, 1], [-1, -1]), "float32");
  const learned = tf.mul(completion, predictionMask(attentionMask)); // [B, T - 1]
  const losses = tf.neg(tf.mul(tokenLogps, learned));
  if (reduction === "tokenMean") return ratio(tf.sum(losses), tf.sum(learned)) as Scalar;
  const counts = tf.sum(learned, 1); // [B]
  const sums = tf.sum(losses, 1);
  const perRow = reduction === "sequenceMean" ? ratio(sums, counts) : sums;
  return ratio(tf.sum(perRow), tf.sum(tf.minimum(counts, 1))) as Scalar;
}

/** What the loss of a batch is a mean over: the batch's share in a mean over batches. */
export function sftWeight(batch: PaddedBatch, reduction: SftReduction): number {
  const learned = learnedPerRow(batch);
  return learned.reduce((sum, n) => sum + (reduction === "tokenMean" ? n : Math.min(n, 1)), 0);
}

/** `sum / count`; counts are whole numbers, and 0 only where the sum is 0. */
function ratio(sum: Tensor, count: Tensor): Tensor {
  return tf.div(sum, tf.maximum(count, 1));
}
