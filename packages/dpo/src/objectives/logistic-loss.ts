/** The loss of logistic regression on preferences, which several objectives apply to a margin. */

import type { Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { softplus } from "./numerics.ts";

/**
 * `-(1 - e) log sigmoid(z) - e log sigmoid(-z)`: the cross-entropy of a preference of logit `z` and
 * a label that is wrong with probability e.
 * @param z `[B]`
 * @param labelSmoothing e, in [0, 0.5)
 */
export function logisticLoss(z: Tensor1D, labelSmoothing = 0): Tensor1D {
  const right = softplus(tf.neg(z));
  // Without smoothing the other term would be 0 * infinity where the order is certain.
  if (labelSmoothing === 0) return right;
  return tf.add(tf.mul(right, 1 - labelSmoothing), tf.mul(softplus(z), labelSmoothing));
}
