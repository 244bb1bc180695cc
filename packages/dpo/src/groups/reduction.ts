/** From log-probabilities of tokens to those of completions. */

import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { lengthDesensitizedLogps } from "../objectives/token-terms.ts";

/** How tokens are summed up; both models of a comparison must agree on it. */
export interface Reduction {
  /** What tokens beyond the length of the shorter response count, in `[0, 1]`; 1 is the plain sum. */
  readonly ldAlpha: number;
}

/**
 * Sums over the tokens of each completion.
 * @param tokenLogps `[B K, C]` nats
 * @param mask `[B K, C]`, 1 for tokens that count
 * @param completions K
 * @returns `[B K]` nats
 */
export function reduceLogps(
  tokenLogps: Tensor2D,
  mask: Tensor2D,
  { ldAlpha }: Reduction,
  completions: number,
): Tensor1D {
  if (ldAlpha === 1) return tf.sum(tf.mul(tokenLogps, mask), 1);
  const lengths: Tensor2D = tf.reshape(tf.sum(mask, 1), [-1, completions]);
  const shortest = tf.tile(tf.min(lengths, 1, true), [1, completions]);
  const publicLengths: Tensor1D = tf.reshape(shortest, [-1]);
  return lengthDesensitizedLogps(tokenLogps, mask, publicLengths, ldAlpha);
}
