/**
 * What is computed from hidden states: logits over the vocabulary and scalars. Log-probabilities,
 * which must not store the logits of a whole batch, are in ./logps.ts.
 */

import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "./config.ts";
import { parameter } from "./layers.ts";
import type { Params } from "./types.ts";

/** Weight of the output head, `[V, D]`: the embedding itself in tied models. */
export function outputHead({ tiedEmbeddings, labels }: ModelConfig, params: Params): Tensor2D {
  if (labels !== undefined) {
    throw new Error(
      `outputHead: expected a language model, got a model of ${labels} labels, which predicts no ` +
        "tokens. Load a causal language model.",
    );
  }
  return parameter(params, tiedEmbeddings ? "embedding" : "head");
}

/** Scores of every next token. `[N, D] -> [N, V]`; a row of hidden states takes V numbers. */
export function logits(config: ModelConfig, params: Params, hidden: Tensor2D): Tensor2D {
  return tf.matMul(hidden, outputHead(config, params), false, true);
}

/**
 * One number per token: values, or rewards before {@link atLastToken}.
 * @param hidden `[B, T, D]`
 * @param weight `[D, 1]`
 * @param bias `[1]`, if any
 * @returns `[B, T]`
 */
export function scalars(hidden: tf.Tensor3D, weight: Tensor2D, bias?: Tensor1D): Tensor2D {
  const [batch, length, width] = hidden.shape;
  const rows = tf.reshape(hidden, [batch * length, width]);
  const products = tf.matMul(rows, weight);
  return tf.reshape(bias ? tf.add(products, bias) : products, [batch, length]);
}

/**
 * The number of each row's last real token.
 * @param perToken `[B, T]`
 * @param attentionMask `[B, T]` int32, with at least one 1 per row
 * @returns `[B]`
 */
export function atLastToken(perToken: Tensor2D, attentionMask: Tensor2D): Tensor1D {
  const index = tf.range(0, attentionMask.shape[1], 1, "int32");
  const last = tf.max(tf.mul(attentionMask, index) as Tensor, 1, true); // [B, 1]
  const isLast = tf.cast(tf.equal(index, last), "float32");
  return tf.sum(tf.mul(perToken, isLast), 1);
}
