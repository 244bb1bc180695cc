/** Divergence from the reference as a part of the loss, as GRPO has it. */

import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** Estimates that can be minimised; k1 cannot: the mean of its gradient is 0. */
export const KL_LOSSES = ["k2", "k3"] as const;

/** Name of an estimate. */
export type KlLoss = (typeof KL_LOSSES)[number];

/**
 * The estimate for every token, `[B, T]` nats, with gradients into the policy. On samples of the
 * policy itself, the mean gradient of `k2 = x^2 / 2`, `x = log policy - log reference`, is that of
 * KL(policy || reference); the one of `k3 = exp(-x) - 1 + x`, DeepSeekMath's Eq. 4, is that of
 * KL(reference || policy).
 */
export function klLosses(name: KlLoss, logps: Tensor2D, referenceLogps: Tensor2D): Tensor2D {
  const x: Tensor2D = tf.sub(logps, referenceLogps);
  if (name === "k2") return tf.mul(tf.square(x), 0.5);
  return tf.add(tf.expm1(tf.neg(x)), x);
}
