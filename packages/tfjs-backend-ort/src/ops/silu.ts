/** The sigmoid linear unit, which saves its input and result for the gradient and nothing else. */

import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { fusedKernel, withGradient } from "./fused.ts";

/**
 * `x sigmoid(x)`, elementwise. Hendrycks and Gimpel 2016 (arXiv:1606.08415), section 2.
 * @param x any shape
 */
export function silu<T extends Tensor>(x: T): T {
  return withGradient<Tensor>([x], (save) => {
    const [value] = fusedKernel("Silu", { x }, {}, () => [tf.mul(x, tf.sigmoid(x))]) as [Tensor];
    save([x, value]);
    return {
      value,
      // With s = sigmoid(x) and y = x s: dy/dx = s + x s (1 - s) = s + (y - y s).
      gradFunc: (dy, saved) => {
        const [x, y] = saved as [Tensor, Tensor];
        const sigmoid = tf.sigmoid(x);
        return [tf.mul(dy, tf.add(sigmoid, tf.sub(y, tf.mul(y, sigmoid))))];
      },
    };
  }) as T;
}
