/** The loss of supervised fine-tuning: negative log-likelihood of completions. Pure. */

import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { predictionMask } from "../logps.ts";
import type { TokenBatch } from "../types.ts";
import { learnedPerText, type PaddedBatch } from "./rows.ts";

/**
 * How token losses become one number. Texts without a token to learn never count.
 * - `tokenMean`: mean over all completion tokens of the batch; long texts weigh more.
 * - `sequenceMean`: mean over texts of each text's mean over its tokens.
 * - `sequenceSum`: mean over texts of each text's sum, as the DPO reference code has it: its learning
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
  { attentionMask, completionMask, positions }: TokenBatch,
  reduction: SftReduction = "tokenMean",
): Scalar {
  const completion = tf.cast(tf.slice(completionMask, [0, 1], [-1, -1]), "float32");
  const learned = tf.mul(completion, predictionMask(attentionMask, positions)) as Tensor2D; // [B, T - 1]
  const losses = tf.neg(tf.mul(tokenLogps, learned));
  if (reduction === "tokenMean") return ratio(tf.sum(losses), tf.sum(learned)) as Scalar;
  const counts = countsOfTexts(learned, positions);
  // Every text adds up to 1; rounded, since the shares of its tokens are not exact.
  const texts = tf.round(tf.sum(ratio(learned, counts)));
  const perToken = reduction === "sequenceMean" ? ratio(losses, counts) : losses;
  return ratio(tf.sum(perToken), texts) as Scalar;
}

/** What the loss of a batch is a mean over: the batch's share in a mean over batches. */
export function sftWeight(batch: PaddedBatch, reduction: SftReduction): number {
  const learned = learnedPerText(batch);
  return learned.reduce((sum, n) => sum + (reduction === "tokenMean" ? n : Math.min(n, 1)), 0);
}

/** Tokens to learn of the text that each token is of: `[B, 1]`, or `[B, T - 1]` if rows have several. */
function countsOfTexts(learned: Tensor2D, positions: Tensor2D | undefined): Tensor {
  if (!positions) return tf.sum(learned, 1, true);
  const places = tf.slice(positions, [0, 1], [-1, -1]);
  const begins = tf.sub(tf.range(1, positions.shape[1], 1, "int32"), places); // [B, T - 1]
  const isOfOne = tf.equal(tf.expandDims(begins, 2), tf.expandDims(begins, 1));
  return tf.sum(tf.mul(tf.cast(isOfOne, "float32"), tf.expandDims(learned, 1)), 2);
}

/** `sum / count`; counts are whole numbers, and 0 only where the sum is 0. */
function ratio(sum: Tensor, count: Tensor): Tensor {
  return tf.div(sum, tf.maximum(count, 1));
}
