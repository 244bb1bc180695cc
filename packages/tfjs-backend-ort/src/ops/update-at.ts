/** Writing one position of a sequence, as a key-value cache does for every new token. */

import type { Tensor, Tensor1D, Tensor3D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { fusedKernel, withGradient } from "./fused.ts";

/**
 * `x` with `update` written at one position of every row. Assigned to a variable that `x` is the
 * old value of, a compiled function writes it in place.
 * @param x `[N, T, K]`
 * @param position `[1]` int32, in `[0, T)`
 * @param update `[N, 1, K]`
 * @returns `[N, T, K]`
 */
export function updateAt(x: Tensor3D, position: Tensor1D, update: Tensor3D): Tensor3D {
  return withGradient<Tensor3D>([x, update], (save) => {
    const [value] = fusedKernel("UpdateAt", { x, position, update }, {}, () => [
      tf.where(isAt(position, x), update, x),
    ]) as [Tensor3D];
    save([position]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const here = isAt(saved[0] as Tensor1D, dy);
        const zeros = tf.zerosLike(dy);
        return [tf.where(here, zeros, dy), tf.sum(tf.where(here, dy, zeros), 1, true)];
      },
    };
  });
}

/** Which positions are the given one, `[1, T, 1]` bool. */
function isAt(position: Tensor1D, { shape }: Tensor3D): Tensor {
  const positions = tf.range(0, shape[1], 1, "int32");
  return tf.reshape(tf.equal(positions, position), [1, shape[1], 1]);
}
