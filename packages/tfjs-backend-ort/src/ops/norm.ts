/** Normalisations over the last axis, with the row statistics kept for the gradient. */

import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { fusedKernel, withGradient } from "./fused.ts";

/** Added to the mean square before the root; the value of GPT-2 and of torch's LayerNorm. */
const EPSILON = 1e-5;

/**
 * Layer normalisation, `(x - mean) / sqrt(variance + epsilon) * scale + offset` per row.
 * Ba et al. 2016 (arXiv:1607.06450).
 * @param x `[..., D]`
 * @param scale `[D]`
 * @param offset `[D]`
 * @param epsilon > 0
 * @returns shape of `x`
 */
export function layerNorm<T extends Tensor>(
  x: T,
  scale: Tensor1D,
  offset: Tensor1D,
  epsilon: number = EPSILON,
): T {
  const rows = asRows(x);
  const normalized = withGradient<Tensor2D>([rows, scale, offset], (save) => {
    const inputs = { x: rows, scale, offset };
    const [value, mean, inverse] = fusedKernel("LayerNormalization", inputs, { epsilon }, () =>
      composedLayerNorm(rows, scale, offset, epsilon),
    ) as [Tensor2D, Tensor2D, Tensor2D];
    save([rows, scale, mean, inverse]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const [x, scale, mean, inverse] = saved as [Tensor2D, Tensor1D, Tensor2D, Tensor2D];
        const unit = tf.mul(tf.sub(x, mean), inverse);
        const scaled = tf.mul(dy, scale);
        const projection = tf.mean(tf.mul(scaled, unit), 1, true);
        const centered = tf.sub(scaled, tf.mean(scaled, 1, true));
        const dx = tf.mul(tf.sub(centered, tf.mul(unit, projection)), inverse);
        return [dx, tf.sum(tf.mul(dy, unit), 0), tf.sum(dy, 0)];
      },
    };
  });
  return tf.reshape(normalized, x.shape) as T;
}

/**
 * Root-mean-square normalisation, `x / sqrt(mean(x^2) + epsilon) * scale` per row.
 * Zhang and Sennrich 2019 (arXiv:1910.07467).
 * @param x `[..., D]`
 * @param scale `[D]`
 * @param epsilon > 0
 * @returns shape of `x`
 */
export function rmsNorm<T extends Tensor>(x: T, scale: Tensor1D, epsilon: number = EPSILON): T {
  const rows = asRows(x);
  const normalized = withGradient<Tensor2D>([rows, scale], (save) => {
    const inputs = { x: rows, scale };
    const [value, inverse] = fusedKernel("RootMeanSquareNormalization", inputs, { epsilon }, () =>
      composedRmsNorm(rows, scale, epsilon),
    ) as [Tensor2D, Tensor2D];
    save([rows, scale, inverse]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const [x, scale, inverse] = saved as [Tensor2D, Tensor1D, Tensor2D];
        const unit = tf.mul(x, inverse);
        const scaled = tf.mul(dy, scale);
        const projection = tf.mean(tf.mul(scaled, unit), 1, true);
        const dx = tf.mul(tf.sub(scaled, tf.mul(unit, projection)), inverse);
        return [dx, tf.sum(tf.mul(dy, unit), 0)];
      },
    };
  });
  return tf.reshape(normalized, x.shape) as T;
}

function asRows(x: Tensor): Tensor2D {
  const width = x.shape.at(-1);
  if (width === undefined) {
    throw new Error("layerNorm, rmsNorm: expected a tensor of rank 1 or more, got a scalar.");
  }
  return tf.reshape(x, [width === 0 ? 0 : x.size / width, width]);
}

function composedLayerNorm(
  x: Tensor2D,
  scale: Tensor1D,
  offset: Tensor1D,
  epsilon: number,
): Tensor[] {
  const mean = tf.mean(x, 1, true);
  const centered = tf.sub(x, mean);
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), epsilon));
  return [tf.add(tf.mul(tf.mul(centered, inverse), scale), offset), mean, inverse];
}

function composedRmsNorm(x: Tensor2D, scale: Tensor1D, epsilon: number): Tensor[] {
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon));
  return [tf.mul(tf.mul(x, inverse), scale), inverse];
}
