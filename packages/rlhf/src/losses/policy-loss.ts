/** PPO's clipped surrogate. Schulman et al. 2017 (arXiv:1707.06347), Eq. 7. */

import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { likelihoodRatio } from "./ratio.ts";

/** How far below and above 1 a ratio still counts. DAPO's upper one is larger. */
export interface ClipRange {
  readonly low: number;
  readonly high: number;
}

/** Losses, and where they are clipped. */
export interface ClippedTerms<T extends Tensor> {
  readonly losses: T;
  /** 1 where the clipped term is strictly the larger one, so that no gradient flows. */
  readonly clipped: T;
  /** See `likelihoodRatio`. */
  readonly ratio: T;
}

/** A scalar to minimise and scalars to report. */
export interface PolicyLoss {
  readonly loss: Scalar;
  readonly metrics: Readonly<Record<string, Scalar>>;
}

/**
 * `max(-A r, -A clip(r, 1 - low, 1 + high))` with `r = exp(new - old)`, for tokens (`[B, T]`) or for
 * whole completions (`[B]`). No mean is taken and nothing masked.
 * @param advantages of the same shape; no gradient flows into them
 */
export function clippedPolicyLosses<T extends Tensor>(
  newLogps: T,
  oldLogps: T,
  advantages: T,
  { low, high }: ClipRange,
): ClippedTerms<T> {
  const ratio = likelihoodRatio(newLogps, oldLogps);
  const cost = tf.neg(advantages);
  const free: T = tf.mul(cost, ratio);
  const bounded: T = tf.mul(cost, tf.clipByValue(ratio, 1 - low, 1 + high));
  return {
    losses: tf.maximum(free, bounded),
    clipped: tf.cast(tf.greater(bounded, free), "float32") as T,
    ratio,
  };
}
