/** The Gaussian error linear unit: in its tanh form, as GPT-2 uses it, and exact. */

import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { fusedKernel, withGradient } from "./fused.ts";

// 0.5 (1 + tanh(u)) is sigmoid(2 u), and 2 u = x (LINEAR + CUBIC x^2) with
// u = sqrt(2 / pi) (x + 0.044715 x^3), Hendrycks and Gimpel 2016 (arXiv:1606.08415), section 2.
const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = LINEAR * 0.044715;

/**
 * `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, elementwise, with its exact derivative.
 * @param x any shape
 */
export function gelu<T extends Tensor>(x: T): T {
  return withGradient<Tensor>([x], (save) => {
    const [value] = fusedKernel("Gelu", { x }, {}, () => [tf.mul(x, gate(x).sigmoid)]) as [Tensor];
    save([x, value]);
    return {
      value,
      // With s = sigmoid(x q), q = LINEAR + CUBIC x^2 and y = x s:
      // dy/dx = s + x s (1 - s) (q + 2 CUBIC x^2) = s + (y - y s) (3 q - 2 LINEAR).
      gradFunc: (dy, saved) => {
        const [x, y] = saved as [Tensor, Tensor];
        const { slope, sigmoid } = gate(x);
        const inner = tf.sub(tf.mul(slope, 3), 2 * LINEAR);
        const spread = tf.mul(tf.sub(y, tf.mul(y, sigmoid)), inner);
        return [tf.mul(dy, tf.add(sigmoid, spread))];
      },
    };
  }) as T;
}

/**
 * `x P(X <= x)` for a standard normal X, `0.5 x (1 + erf(x / sqrt(2)))`, elementwise.
 * Hendrycks and Gimpel 2016 (arXiv:1606.08415), section 2.
 * @param x any shape
 */
export function geluErf<T extends Tensor>(x: T): T {
  return withGradient<Tensor>([x], (save) => {
    save([x]);
    return {
      value: fusedKernel("GeluErf", { x }, {}, () => [tf.mul(x, normalCdf(x))])[0] as Tensor,
      gradFunc: (dy, saved) => {
        const [x] = saved as [Tensor];
        const density = tf.mul(tf.exp(tf.mul(tf.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return [tf.mul(dy, tf.add(normalCdf(x), tf.mul(x, density)))];
      },
    };
  }) as T;
}

function normalCdf(x: Tensor): Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

function gate(x: Tensor): { slope: Tensor; sigmoid: Tensor } {
  const slope = tf.add(tf.mul(tf.mul(x, x), CUBIC), LINEAR);
  return { slope, sigmoid: tf.sigmoid(tf.mul(x, slope)) };
}
