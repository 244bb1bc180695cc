/** One element per row of a log-softmax, without the rest of it and without one-hot matrices. */

import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { fusedKernel, withGradient } from "./fused.ts";
import { oneHotFloat } from "./one-hot.ts";

/**
 * `logSoftmax(logits)[n, indices[n]]` for every row n: log-probabilities of chosen classes.
 * @param logits `[N, V]`
 * @param indices `[N]` int32, in `[0, V)`
 * @returns `[N]`, nats, at most 0
 */
export function logSoftmaxAt(logits: Tensor2D, indices: Tensor1D): Tensor1D {
  return withGradient<Tensor1D>([logits], (save) => {
    const [value, all] = fusedKernel("LogSoftmaxAt", { logits, indices }, {}, () => {
      const all = tf.logSoftmax(logits, 1);
      return [tf.sum(tf.mul(all, oneHotFloat(indices, logits.shape[1])), 1), all];
    }) as [Tensor1D, Tensor2D];
    save([all, indices]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const [all, indices] = saved as [Tensor2D, Tensor1D];
        const inputs = { dy, logSoftmax: all, indices };
        const [gradient] = fusedKernel("LogSoftmaxAtGrad", inputs, {}, () => {
          const difference = tf.sub(oneHotFloat(indices, all.shape[1]), tf.exp(all));
          return [tf.mul(difference, tf.reshape(dy, [-1, 1]))];
        }) as [Tensor2D];
        return [gradient];
      },
    };
  });
}
