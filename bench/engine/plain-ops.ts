/** The operations of the model in plain tfjs ops with tfjs' own gradients. */

import { embedding } from "@preflab/tfjs-backend-ort";
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Operations } from "./model.ts";

const EPSILON = 1e-5;

/** What a program that knows nothing of this workspace would write. */
export const PLAIN: Operations = {
  // tfjs' gradient of gather needs a kernel that backend wasm lacks.
  embedding,
  linear: (x: Tensor2D, w: Tensor2D, b?: Tensor1D) => {
    const product = tf.matMul(x, w) as Tensor2D;
    return b ? tf.add(product, b) : product;
  },
  layerNorm: <T extends Tensor>(x: T, scale: Tensor1D, offset: Tensor1D) => {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    const unit = tf.mul(centered, tf.rsqrt(tf.add(variance, EPSILON)));
    return tf.add(tf.mul(unit, scale), offset) as T;
  },
  gelu: <T extends Tensor>(x: T) => {
    const cubic = tf.add(x, tf.mul(tf.mul(tf.mul(x, x), x), 0.044715));
    const tanh = tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI)));
    return tf.mul(tf.mul(x, 0.5), tf.add(tanh, 1)) as T;
  },
  attention: (q: Tensor4D, k: Tensor4D, v: Tensor4D, mask: Tensor) => {
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[3]));
    return tf.matMul(tf.softmax(tf.add(scores, mask)), v) as Tensor4D;
  },
  logSoftmaxAt: (logits: Tensor2D, indices: Tensor1D) => {
    // Cast afterwards: asked for float32, backend wasm writes the bits of integers.
    const chosen = tf.cast(tf.oneHot(indices, logits.shape[1]), "float32");
    return tf.sum(tf.mul(tf.logSoftmax(logits), chosen), 1) as Tensor1D;
  },
};
