/** How much likelier a token, or a completion, has become since it was sampled. */

import type { GradSaveFunc, Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

// exp(20) is 5e8: far beyond any clip range, and its square still a float32. OpenRLHF's bound.
const LARGEST_LOG_RATIO = 20;

/**
 * `exp(new - old)`, bounded by exp(20) so that a policy that has run away gives large numbers
 * instead of infinite ones. The gradient saturates too; it does not vanish.
 * @param newLogps of tokens or completions, nats @param oldLogps of the same shape
 */
export function likelihoodRatio<T extends Tensor>(newLogps: T, oldLogps: T): T {
  const logRatio: T = tf.sub(newLogps, oldLogps);
  return tf.customGrad<T>((...args) => {
    const value: T = tf.exp(tf.minimum(logRatio, LARGEST_LOG_RATIO));
    (args.at(-1) as GradSaveFunc)([value]);
    return {
      value,
      gradFunc: (dy: T, saved: Tensor[]) => [tf.mul(dy, saved[0] as T)],
    };
  })(logRatio);
}
