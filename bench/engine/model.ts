/** The GPT-2 style decoder that is measured: pre-norm blocks, learned positions, tied head. */

import type * as ops from "@preflab/tfjs-backend-ort";
import { causalMask } from "@preflab/tfjs-backend-ort";
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { weights } from "./numbers.ts";
import { parameterShapes, type Size } from "./sizes.ts";

/** The operations that exist both fused and plain. */
export type Operations = Pick<
  typeof ops,
  "attention" | "embedding" | "gelu" | "layerNorm" | "linear" | "logSoftmaxAt"
>;

/** Parameters by name, see {@link parameterShapes}. */
export type Parameters = Readonly<Record<string, tf.Variable>>;

/** Variables with the weights that every contender starts from. */
export function makeParameters(size: Size): Parameters {
  const made: Record<string, tf.Variable> = {};
  for (const [stream, [name, shape]] of Object.entries(parameterShapes(size)).entries()) {
    made[name] = tf.tidy(() => tf.variable(tf.tensor(initial(name, shape, stream), shape), true));
  }
  return made;
}

/** Mean negative log-likelihood of `targets`, nats. @param ids `[B * T]` @param targets `[B * T]` */
export function lossOf(
  ops: Operations,
  size: Size,
  params: Parameters,
  ids: Tensor1D,
  targets: Tensor1D,
): tf.Scalar {
  const { batch, length, width, layers } = size;
  const weight = <T extends Tensor>(name: string) => params[name] as Tensor as T;
  const tokens = weight<Tensor2D>("tokens");
  const embedded = tf.reshape(ops.embedding(tokens, ids), [batch, length, width]);
  const mask = causalMask(length);
  let x = tf.reshape(tf.add(embedded, weight("positions")), [batch * length, width]) as Tensor2D;
  for (let layer = 0; layer < layers; layer++) {
    const at = <T extends Tensor>(name: string) => weight<T>(`${layer}.${name}`);
    const norm = (name: string, x: Tensor2D) =>
      ops.layerNorm(x, at<Tensor1D>(`${name}.scale`), at<Tensor1D>(`${name}.offset`));
    const map = (name: string, x: Tensor2D) =>
      ops.linear(x, at<Tensor2D>(`${name}.w`), at<Tensor1D>(`${name}.b`));
    const heads = attend(ops, size, map("qkv", norm("norm1", x)), mask);
    x = tf.add(x, map("projection", heads));
    x = tf.add(x, map("down", ops.gelu(map("up", norm("norm2", x)))));
  }
  const hidden = ops.layerNorm(x, weight<Tensor1D>("norm.scale"), weight<Tensor1D>("norm.offset"));
  const logits = tf.matMul(hidden, tokens, false, true) as Tensor2D;
  return tf.neg(tf.mean(ops.logSoftmaxAt(logits, targets)));
}

/** @param qkv `[B * T, 3 * D]` @returns `[B * T, D]` */
function attend(
  ops: Operations,
  { batch, length, width, heads }: Size,
  qkv: Tensor2D,
  mask: Tensor2D,
): Tensor2D {
  const split = tf.reshape(qkv, [batch, length, 3, heads, width / heads]);
  const [q, k, v] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])) as [
    Tensor4D,
    Tensor4D,
    Tensor4D,
  ];
  const merged = tf.transpose(ops.attention(q, k, v, mask), [0, 2, 1, 3]);
  return tf.reshape(merged, [batch * length, width]);
}

function initial(name: string, shape: readonly number[], stream: number): Float32Array {
  const length = shape.reduce((product, dim) => product * dim, 1);
  if (shape.length === 2) return weights(stream, length);
  return new Float32Array(length).fill(name.endsWith("scale") ? 1 : 0);
}
