/** From losses per token to one number. */

import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * `token_mean`: all tokens alike (PPO; DAPO, BNPO). `sequence_mean`: the mean over a completion's
 * tokens, then over completions (GRPO). `constant`: the sum over tokens divided by completions times
 * the longest length, so that length changes no token's weight (Dr. GRPO).
 */
export const AGGREGATIONS = ["token_mean", "sequence_mean", "constant"] as const;

/** Name of an aggregation. */
export type Aggregation = (typeof AGGREGATIONS)[number];

/**
 * Mean of the numbers where the mask is 1; 0 where it is nowhere.
 * @param numbers `[B, T]` @param mask `[B, T]`
 */
export function maskedMean(numbers: Tensor2D, mask: Tensor2D): Scalar {
  return tf.div(tf.sum(tf.mul(numbers, mask)), tf.maximum(tf.sum(mask), 1));
}

/**
 * One number from losses per token.
 * @param losses `[B, T]` @param mask `[B, T]`, 1 for completion tokens
 * @param longest tokens, for `constant`: the same in every batch; default T
 */
export function aggregate(
  losses: Tensor2D,
  mask: Tensor2D,
  how: Aggregation,
  longest: number = mask.shape[1],
): Scalar {
  if (how === "token_mean") return maskedMean(losses, mask);
  const sums = tf.sum(tf.mul(losses, mask), 1);
  if (how === "constant") return tf.div(tf.mean(sums) as Scalar, longest);
  return tf.mean(tf.div(sums, tf.maximum(tf.sum(mask, 1), 1)));
}
