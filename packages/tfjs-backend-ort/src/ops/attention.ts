/** Scaled dot-product attention. Splitting into heads and merging them is the caller's. */

import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./fused.ts";

/** What {@link causalMask} adds where attention is forbidden; large, yet finite in sums. */
const FORBIDDEN = -1e9;

/**
 * `softmax(scale q k^T + mask) v` for every batch entry and head.
 * Vaswani et al. 2017 (arXiv:1706.03762), Eq. 1.
 * @param q `[B, H, T, K]`
 * @param k `[B, H, S, K]`
 * @param v `[B, H, S, K]`
 * @param mask added to the scores, broadcasts to `[B, H, T, S]`; no gradient flows into it
 * @param scale default: `1 / sqrt(K)`
 * @returns `[B, H, T, K]`
 */
export function attention(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  mask: Tensor,
  scale: number = 1 / Math.sqrt(q.shape[3]),
): Tensor4D {
  return withGradient<Tensor4D>([q, k, v], (save) => {
    const scores = tf.mul(tf.matMul(q, k, false, true), scale);
    const weights = tf.softmax(tf.add(scores, mask));
    const value = tf.matMul(weights, v) as Tensor4D;
    save([q, k, v, weights, value]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const [q, k, v, weights, value] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
        // Rows of weights * dWeights sum to rows of dy * value, which are shorter.
        const rows = tf.sum(tf.mul(dy, value), 3, true);
        const dWeights = tf.matMul(dy, v, false, true);
        const dScores = tf.mul(tf.mul(tf.sub(dWeights, rows), weights), scale);
        const dq = tf.matMul(dScores, k);
        const dk = tf.matMul(dScores, q, true, false);
        return [dq, dk, tf.matMul(weights, dy, true, false)];
      },
    };
  });
}

/** Mask for {@link attention} that lets position t see positions up to t. `[T, T]` */
export function causalMask(length: number): Tensor2D {
  const mask = new Float32Array(length * length);
  for (let row = 0; row < length; row++) {
    mask.fill(FORBIDDEN, row * length + row + 1, (row + 1) * length);
  }
  return tf.tensor2d(mask, [length, length]);
}
