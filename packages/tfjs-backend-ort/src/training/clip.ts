/** Gradient clipping by global norm, as torch.nn.utils.clip_grad_norm_ defines it. */
import * as tf from "@tensorflow/tfjs-core";

/** Keeps the factor finite when all gradients are zero; torch's value. */
const EPSILON = 1e-6;

/** Factor for every gradient: min(1, maxNorm / (norm + 1e-6)), in the graph. */
export function clipFactor(norm: tf.Scalar, maxNorm: number): tf.Scalar {
  return tf.minimum(1, tf.div(maxNorm, tf.add(norm, EPSILON)));
}

/** Same on the host, rounded to float32 after every operation so that it equals {@link clipFactor}. */
export function hostClipFactor(norm: number, maxNorm: number): number {
  const { fround } = Math;
  const ratio = fround(fround(maxNorm) / fround(fround(norm) + fround(EPSILON)));
  // tf.minimum passes NaN on, and so must this.
  return Number.isNaN(ratio) ? ratio : Math.min(1, ratio);
}
