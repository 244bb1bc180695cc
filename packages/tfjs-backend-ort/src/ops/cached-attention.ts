/**
 * Attention of one new token per row to itself and to a cache of the keys and values before it. For
 * decoding: it has no gradient. Who makes the cache longer, and when, is the caller's business.
 */

import type { Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { attention } from "./attention.ts";
import { fusedKernel } from "./fused.ts";

/** Added to the scores of columns that a token must not see; large, yet finite in sums. */
const FORBIDDEN = -1e9;

/** ONNX Runtime's operator takes heads of multiples of this width. */
const WIDTH_UNIT = 8;

/** What {@link cachedAttention} is given: `B` rows, `H` heads, of which groups share `G` key heads. */
export interface CachedAttentionInputs {
  /** `[B, H, 1, K]` */
  readonly q: Tensor4D;
  /** `[B, G, 1, K]` of the new token. */
  readonly k: Tensor4D;
  /** `[B, G, 1, K]` of the new token. */
  readonly v: Tensor4D;
  /** `[B, G, S, K]` */
  readonly keys: Tensor4D;
  /** `[B, G, S, K]` */
  readonly values: Tensor4D;
  /** `[B]` int32 in `[0, S)`: tokens in each row's cache, and so the column of the new one. */
  readonly lengths: Tensor1D;
}

/** How scores are computed. */
export interface CachedAttentionOptions {
  /** Default: `1 / sqrt(K)`. */
  readonly scale?: number;
  /** Tokens that a token sees, itself included, at least 1; null (default) for all. */
  readonly window?: number | null;
}

/** What {@link cachedAttention} gives. Columns after a row's newest one hold any numbers. */
export interface CachedAttentionOutputs {
  /** `[B, H, 1, K]` */
  readonly attended: Tensor4D;
  /** `[B, G, S, K]` with the new key. Assigned to a variable that was read, it is written in place. */
  readonly keys: Tensor4D;
  /** `[B, G, S, K]`, the same with the new value. */
  readonly values: Tensor4D;
}

/** Attends, and writes the new key and value to the cache. On `ort` only filled columns are read. */
export function cachedAttention(
  inputs: CachedAttentionInputs,
  { scale = 1 / Math.sqrt(inputs.q.shape[3]), window = null }: CachedAttentionOptions = {},
): CachedAttentionOutputs {
  const compose = () => composed(inputs, scale, window);
  const fits = inputs.q.shape[3] % WIDTH_UNIT === 0;
  const outputs = fits
    ? fusedKernel("CachedAttention", { ...inputs }, { scale, window: window ?? 0 }, compose)
    : compose();
  const [attended, keys, values] = outputs as [Tensor4D, Tensor4D, Tensor4D];
  return { attended, keys, values };
}

function composed(
  { q, k, v, keys, values, lengths }: CachedAttentionInputs,
  scale: number,
  window: number | null,
): Tensor[] {
  const [batch, groups, columns, width] = keys.shape;
  const column = tf.range(0, columns, 1, "int32"); // [S]
  const own = tf.expandDims(lengths, 1); // [B, 1]
  const isOwn = tf.reshape(tf.equal(column, own), [batch, 1, columns, 1]);
  const [newKeys, newValues] = [tf.where(isOwn, k, keys), tf.where(isOwn, v, values)] as [
    Tensor4D,
    Tensor4D,
  ];
  const past = tf.lessEqual(column, own);
  const seen =
    window === null
      ? past
      : tf.logicalAnd(past, tf.greater(column, tf.sub(own, tf.scalar(window, "int32"))));
  const mask = tf.reshape(tf.where(seen, 0, FORBIDDEN), [batch, 1, 1, columns]);
  // Queries that share a key head are one longer list of queries.
  const grouped = tf.reshape(q, [batch, groups, -1, width]) as Tensor4D;
  const attended = attention(grouped, newKeys, newValues, mask, scale);
  return [tf.reshape(attended, q.shape), newKeys, newValues];
}
