/** Values and gradients of scalar functions of tensors, as arrays. */

import * as tf from "@tensorflow/tfjs-core";

/** A value and its gradient. */
export interface ValueAndGradient {
  readonly value: number;
  readonly gradient: Float32Array;
}

/** Of a function of one `[B, T]` tensor. */
export function differentiate(
  f: (x: tf.Tensor2D) => tf.Scalar,
  numbers: ArrayLike<number>,
  shape: readonly [number, number],
): ValueAndGradient {
  return tf.tidy(() => {
    const x = tf.tensor2d(Float32Array.from(numbers), [...shape]);
    const { value, grad } = tf.valueAndGrad((tensor: tf.Tensor2D) => f(tensor))(x);
    return {
      value: (value as tf.Tensor).dataSync<"float32">()[0] as number,
      gradient: grad.dataSync<"float32">(),
    };
  });
}

/** The value alone. */
export function numberOf(make: () => tf.Tensor): number {
  return tf.tidy(() => make().dataSync<"float32">()[0] as number);
}
