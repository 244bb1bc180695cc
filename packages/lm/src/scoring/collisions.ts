/** How predictable draws from a model are; for weights, so without gradients. */

import type { GradSaveFunc, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { chunksOf } from "./chunks.ts";
import type { LogitFactors } from "./vocabulary.ts";

/**
 * `log sum_v p_v^2` of every token's distribution: the log-probability that two draws agree. Logits
 * are computed for some tokens at a time.
 * @returns `[N]` nats; no gradient flows through
 */
export function logCollisions({ hidden, head }: LogitFactors): Tensor1D {
  // As one operation of its own, else gradients of 0 would be taken through the logits.
  const op = tf.customGrad<Tensor1D>((...args) => {
    const save = args.at(-1) as GradSaveFunc;
    save([hidden, head]);
    const chunks = chunksOf(hidden.shape[0], head.shape[0]);
    const pieces = chunks.map(({ begin, size }) =>
      tf.tidy(() => {
        const some = tf.slice(hidden, [begin, 0], [size, -1]);
        return ofLogits(tf.matMul(some, head, false, true));
      }),
    );
    return {
      value: tf.concat(pieces) as Tensor1D,
      gradFunc: (_: Tensor1D, saved: Tensor[]) => saved.map((tensor) => tf.zerosLike(tensor)),
    };
  });
  return op(hidden, head);
}

/** `[n, V] -> [n]` */
function ofLogits(logits: Tensor2D): Tensor1D {
  const twice = tf.logSumExp(tf.mul(logits, 2), 1);
  return tf.sub(twice, tf.mul(tf.logSumExp(logits, 1), 2));
}
