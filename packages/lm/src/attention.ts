/**
 * Self-attention of one block: projection to heads, rotation, attention, merging. The steps are
 * separate so that decoding can keep keys and values between them.
 */

import { attention, layerNorm, rotary } from "@preflab/tfjs-backend-ort";
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "./config.ts";
import { affine, parameter } from "./layers.ts";
import type { Angles } from "./rotary.ts";
import type { Params } from "./types.ts";

/** Queries, keys and values of some tokens. */
export interface Heads {
  /** `[B, H, T, K]` */
  readonly q: Tensor4D;
  /** `[B, kvHeads, T, K]` */
  readonly k: Tensor4D;
  /** `[B, kvHeads, T, K]` */
  readonly v: Tensor4D;
}

/**
 * Queries, keys and values, normalised and rotated as the model has it.
 * @param x `[B * T, D]`, normed
 * @param batch B
 * @param angles of the tokens; null without rotary positions
 */
export function projectHeads(
  config: ModelConfig,
  params: Params,
  block: string,
  x: Tensor2D,
  batch: number,
  angles: Angles | null,
): Heads {
  const { heads, kvHeads, headWidth, biases } = config;
  const qkv = affine(params, `${block}.qkv`, x, biases.qkv); // [B * T, (H + 2 kvHeads) K]
  const perHead = tf.reshape(qkv, [batch, -1, heads + 2 * kvHeads, headWidth]);
  const [q, k, v] = tf.split(
    tf.transpose(perHead, [0, 2, 1, 3]), // [B, H + 2 kvHeads, T, K]
    [heads, kvHeads, kvHeads],
    1,
  ) as [Tensor4D, Tensor4D, Tensor4D];
  const place = (x: Tensor4D, norm: string) => {
    const normed = config.qkNorm ? normalizeHeads(config, params, `${block}.${norm}`, x) : x;
    return angles ? rotary(normed, angles.cos, angles.sin) : normed;
  };
  return { q: place(q, "qNorm"), k: place(k, "kNorm"), v };
}

/** Layer norm of every query or key, with a gain per head. `[B, H, T, K]` */
function normalizeHeads(
  { headWidth, norm }: ModelConfig,
  params: Params,
  name: string,
  x: Tensor4D,
): Tensor4D {
  const unit = layerNorm(x, tf.ones([headWidth]), tf.zeros([headWidth]), norm.eps);
  const gain = parameter<Tensor2D>(params, `${name}.gain`);
  return tf.mul(unit, tf.expandDims(gain, 1)); // gain [H, 1, K]
}

/** What the products of queries and keys are multiplied by. @param layer index of the block, from 0 */
export function scoreScale({ headWidth, scores }: ModelConfig, layer: number): number {
  return 1 / Math.sqrt(headWidth) / (scores.scaleByInverseLayer ? layer + 1 : 1);
}

/**
 * What every query gathers from the values.
 * @param layer index of the block, from 0
 * @param heads keys and values may be of more tokens, S, than the queries
 * @param bias `[B, 1, T, S]`, see `attentionBias`
 * @returns `[B * T, H K]`, before the output projection
 */
export function attend(
  config: ModelConfig,
  layer: number,
  { q, k, v }: Heads,
  bias: Tensor4D,
): Tensor2D {
  const { heads, kvHeads, headWidth } = config;
  const [batch, , length] = q.shape;
  const scale = scoreScale(config, layer);
  const group = heads / kvHeads;
  // The queries that share a key head are one longer list of queries: nothing is repeated.
  const grouped = tf.reshape(q, [batch, kvHeads, group * length, headWidth]);
  const groupedBias: Tensor = group === 1 ? bias : tf.tile(bias, [1, 1, group, 1]);
  const gathered = attention(grouped as Tensor4D, k, v, groupedBias, scale);
  const perHead = tf.reshape(gathered, [batch, heads, length, headWidth]);
  return tf.reshape(tf.transpose(perHead, [0, 2, 1, 3]), [batch * length, heads * headWidth]);
}
