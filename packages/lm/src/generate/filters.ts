/**
 * What changes a next-token distribution before a token is drawn: functions from logits to logits,
 * `[N, V]`, in which excluded tokens get {@link EXCLUDED}. They are applied in the order of this
 * file. Drawing itself is in ./draw.ts.
 */

import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** Logit of an excluded token: its probability is exactly 0 in float32, and sums stay finite. */
export const EXCLUDED = -1e9;

/**
 * Makes tokens that occurred before less likely: positive logits are divided by `penalty`, negative
 * ones multiplied, once however often the token occurred. Keskar et al. 2019 (arXiv:1909.05858),
 * section 4.1, with the sign handled as transformers does.
 * @param history `[N, L]` int32, tokens of each row; repeat any of them to fill up
 * @param penalty > 0; 1 changes nothing
 */
export function repetitionPenalty(logits: Tensor2D, history: Tensor2D, penalty: Scalar): Tensor2D {
  const [rows, vocabulary] = logits.shape;
  const length = history.shape[1];
  const starts = tf.range(0, rows * vocabulary, vocabulary, "int32");
  const places = tf.reshape(tf.add(history, tf.expandDims(starts, 1)), [rows * length, 1]);
  const seen = tf.tensorScatterUpdate(
    tf.zeros([rows * vocabulary]),
    places as Tensor2D,
    tf.ones([rows * length]),
  );
  const penalized = tf.where(
    tf.greater(logits, 0),
    tf.div<Tensor2D>(logits, penalty),
    tf.mul<Tensor2D>(logits, penalty),
  );
  return tf.where(tf.cast(tf.reshape(seen, logits.shape), "bool"), penalized, logits);
}

/** Sharpens (below 1) or flattens (above 1) the distribution. @param temperature > 0 */
export function temper(logits: Tensor2D, temperature: Scalar): Tensor2D {
  return tf.div(logits, temperature);
}

/**
 * Keeps the `k` likeliest tokens, and those as likely as the last of them. Fan et al. 2018
 * (arXiv:1805.04833).
 * @param k >= 1; fixed when a program is compiled
 */
export function topK(logits: Tensor2D, k: number): Tensor2D {
  const vocabulary = logits.shape[1];
  if (k >= vocabulary) return logits;
  const { values } = tf.topk(logits, k);
  return keepFrom(logits, tf.slice(values, [0, k - 1], [-1, 1]));
}

/**
 * Keeps the likeliest tokens that together have a probability of at least `p`, and those as likely
 * as the last of them, which makes the result independent of the order of equals. Holtzman et al.
 * 2020 (arXiv:1904.09751).
 * @param p in `(0, 1]`
 * @param most how many of the likeliest tokens to look at, in `[1, V]`: all takes a sort of all
 * @returns `isSure` `[N]` int32, 1 where these tokens reach `p`: else there may be more to keep
 */
export function topP(
  logits: Tensor2D,
  p: Scalar,
  most: number = logits.shape[1],
): { readonly kept: Tensor2D; readonly isSure: Tensor1D } {
  const { values } = tf.topk(logits, most);
  const probabilities = tf.exp(tf.sub(values, tf.logSumExp(logits, 1, true)));
  const before = tf.cumsum(probabilities, 1, true);
  const isIn = tf.less(before, p);
  const least = tf.min(tf.where(isIn, values, Number.MAX_VALUE), 1, true);
  const last = (x: Tensor) => tf.slice(x, [0, most - 1], [-1, 1]);
  const total = tf.squeeze(tf.add(last(before), last(probabilities)), [1]);
  const isSure = tf.cast(tf.greaterEqual(total, p), "int32") as Tensor1D;
  return { kept: keepFrom(logits, least), isSure };
}

/**
 * Keeps tokens that are at least `share` times as likely as the likeliest. Nguyen et al. 2024
 * (arXiv:2407.01082).
 * @param share in `(0, 1]`
 */
export function minP(logits: Tensor2D, share: Scalar): Tensor2D {
  return keepFrom(logits, tf.add(tf.max(logits, 1, true), tf.log(share)));
}

/** @param least `[N, 1]` lowest logit that stays */
function keepFrom(logits: Tensor2D, least: Tensor): Tensor2D {
  return tf.where(tf.greaterEqual(logits, least), logits, EXCLUDED);
}
