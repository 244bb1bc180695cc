/**
 * Rotary position embedding: rotates pairs of elements by angles that depend on the position. What
 * the angles are, and which positions there are, is the caller's.
 */

import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { fusedKernel, withGradient } from "./fused.ts";

/**
 * Rotates the pairs `(x[i], x[i + R / 2])`, `i < R / 2`, of every head by the angle of their
 * position; elements from R on stay as they are. Su et al. 2021 (arXiv:2104.09864), Eq. 34, with
 * the two halves of a vector paired instead of its neighbours.
 * @param x `[B, H, T, K]`
 * @param cos `[B, T, R / 2]` cosines of the angles, `0 < R <= K`; no gradient flows into it
 * @param sin `[B, T, R / 2]` their sines; no gradient flows into it
 * @returns `[B, H, T, K]`
 * @throws Error when the shapes do not fit each other
 */
export function rotary(x: Tensor4D, cos: Tensor3D, sin: Tensor3D): Tensor4D {
  checkShapes(x, cos, sin);
  return withGradient<Tensor4D>([x], (save) => {
    save([cos, sin]);
    return {
      value: rotate(x, cos, sin),
      // The inverse of a rotation is its transpose: the same by the negative angle.
      gradFunc: (dy, saved) => {
        const [cos, sin] = saved as [Tensor3D, Tensor3D];
        return [rotate(dy, cos, tf.neg(sin))];
      },
    };
  });
}

function rotate(x: Tensor4D, cos: Tensor3D, sin: Tensor3D): Tensor4D {
  const [y] = fusedKernel("RotaryEmbedding", { x, cos, sin }, {}, () => [composed(x, cos, sin)]);
  return y as Tensor4D;
}

function composed(x: Tensor4D, cos: Tensor3D, sin: Tensor3D): Tensor4D {
  const half = cos.shape[2];
  const [first, second, rest] = tf.split(x, [half, half, x.shape[3] - 2 * half], 3) as [
    Tensor4D,
    Tensor4D,
    Tensor4D,
  ];
  const [c, s] = [tf.expandDims(cos, 1), tf.expandDims(sin, 1)]; // [B, 1, T, R / 2]
  return tf.concat(
    [
      tf.sub(tf.mul(first, c), tf.mul(second, s)),
      tf.add(tf.mul(second, c), tf.mul(first, s)),
      rest,
    ] as Tensor4D[],
    3,
  );
}

function checkShapes(x: Tensor4D, cos: Tensor3D, sin: Tensor3D): void {
  const [batch, , length, width] = x.shape;
  const [rows, columns, half] = cos.shape;
  const fits = rows === batch && columns === length && half > 0 && 2 * half <= width;
  if (fits && cos.shape.every((dim, i) => dim === sin.shape[i])) return;
  throw new Error(
    `rotary: expected cosines and sines [${batch}, ${length}, at most ${width / 2}] for ` +
      `[${x.shape}], got [${cos.shape}] and [${sin.shape}].`,
  );
}
