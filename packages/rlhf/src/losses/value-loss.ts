/** The loss of the value function, which must not move further than the policy may. */

import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** Losses, and where they are clipped. */
export interface ValueTerms {
  readonly losses: Tensor2D;
  /** 1 where the clipped term is strictly the larger one. */
  readonly clipped: Tensor2D;
}

/**
 * `max((V - R)^2, (clip(V, old - c, old + c) - R)^2) / 2` per token; detail 18 of Huang et al. 2023,
 * as in lm-human-preferences. All `[B, T]`; no mean is taken and nothing masked.
 * @param range c; null for no clipping
 */
export function clippedValueLosses(
  newValues: Tensor2D,
  oldValues: Tensor2D,
  returns: Tensor2D,
  range: number | null,
): ValueTerms {
  const free: Tensor2D = tf.square(tf.sub(newValues, returns));
  if (range === null) return { losses: tf.mul(free, 0.5), clipped: tf.zerosLike(free) };
  const [least, most] = [tf.sub(oldValues, range), tf.add(oldValues, range)];
  const near: Tensor2D = tf.minimum(tf.maximum(newValues, least), most);
  const bounded: Tensor2D = tf.square(tf.sub(near, returns));
  return {
    losses: tf.mul(tf.maximum(free, bounded), 0.5),
    clipped: tf.cast(tf.greater(bounded, free), "float32"),
  };
}
