/** How far one update has moved the policy from the one that sampled: numbers to watch and stop by. */

import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { maskedMean } from "./aggregate.ts";
import { likelihoodRatio } from "./ratio.ts";

/**
 * Estimates of KL(old || new) per token, nats: `approx_kl/k1`, the mean of `old - new`, unbiased, of
 * either sign; `k2`, the mean of half its square, what TRL and lm-human-preferences call `approxkl`;
 * `k3`, the mean of `r - 1 - log r`, CleanRL's `approx_kl`, unbiased and never negative. Ratios
 * `r = new / old`: `ratio/mean`, `ratio/min`, `ratio/max`.
 * @param newLogps `[B, T]` like all @param mask 1 for completion tokens
 * @param mean over completion tokens. Default: all alike
 */
export function policyChange(
  newLogps: Tensor2D,
  oldLogps: Tensor2D,
  mask: Tensor2D,
  mean: (numbers: Tensor2D, mask: Tensor2D) => Scalar = maskedMean,
): Record<string, Scalar> {
  const logRatio: Tensor2D = tf.sub(newLogps, oldLogps);
  const ratio = likelihoodRatio(newLogps, oldLogps);
  const atTokens = tf.where(tf.greater(mask, 0), ratio, tf.onesLike(ratio));
  return {
    "approx_kl/k1": mean(tf.neg(logRatio), mask),
    "approx_kl/k2": mean(tf.mul(tf.square(logRatio), 0.5), mask),
    "approx_kl/k3": mean(tf.sub(tf.expm1(logRatio), logRatio), mask),
    "ratio/mean": mean(ratio, mask),
    "ratio/min": tf.min(atTokens),
    "ratio/max": tf.max(atTokens),
  };
}
