/** How far one update has moved the policy from the one that sampled: numbers to watch and stop by. */

import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { maskedMean } from "./aggregate.ts";
import { likelihoodRatio } from "./ratio.ts";

/** Estimates of KL(old || new) per token, nats, and ratios new / old, over completion tokens. */
export interface PolicyChange {
  /** Mean of `old - new`: unbiased, of either sign. */
  readonly k1: Scalar;
  /** Mean of half its square: what TRL and lm-human-preferences call `approxkl`. */
  readonly k2: Scalar;
  /** Mean of `r - 1 - log r`: CleanRL's `approx_kl`, unbiased and never negative. */
  readonly k3: Scalar;
  readonly ratioMean: Scalar;
  readonly ratioMin: Scalar;
  readonly ratioMax: Scalar;
}

/** The change on a batch, all `[B, T]`. */
export function policyChange(newLogps: Tensor2D, oldLogps: Tensor2D, mask: Tensor2D): PolicyChange {
  const logRatio: Tensor2D = tf.sub(newLogps, oldLogps);
  const ratio = likelihoodRatio(newLogps, oldLogps);
  const atTokens = tf.where(tf.greater(mask, 0), ratio, tf.onesLike(ratio));
  return {
    k1: maskedMean(tf.neg(logRatio), mask),
    k2: maskedMean(tf.mul(tf.square(logRatio), 0.5), mask),
    k3: maskedMean(tf.sub(tf.expm1(logRatio), logRatio), mask),
    ratioMean: maskedMean(ratio, mask),
    ratioMin: tf.min(atTokens),
    ratioMax: tf.max(atTokens),
  };
}
