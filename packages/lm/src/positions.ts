/**
 * What follows from a padding mask: the position of every token and who may attend to whom. Both
 * are computed inside the graph, so that one compiled program serves every padding. Rows that hold
 * several texts bring their positions, which say where a text begins.
 */

import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** Added to the scores of keys that a query must not see; large, yet finite in sums. */
const FORBIDDEN = -1e9;

/**
 * Positions of tokens, counted from the first real one of each row; 0 at padding.
 * @param attentionMask `[B, T]` int32
 * @returns `[B, T]` int32
 */
export function positionsOf(attentionMask: Tensor2D): Tensor2D {
  const counts = tf.cumsum(attentionMask, 1);
  return tf.mul(tf.sub(counts, tf.scalar(1, "int32")), attentionMask);
}

/**
 * What is added to attention scores: 0 where a query may attend, a large negative number where the
 * key is padding, comes after the query or is `window` or more tokens before it. A query that may
 * attend to nothing, which padding alone is, attends evenly to everything.
 * @param keyMask `[B, S]` int32, 1 for tokens and 0 for padding
 * @param queries `[T]` int32, index of every query among the keys
 * @param window tokens that a query sees, itself included; null for all before it
 * @param positions `[B, T]` int32, of the queries in their texts: what comes more tokens before a
 *   query is another text's, which it must not see; default: a row is one text
 * @returns `[B, 1, T, S]`
 */
export function attentionBias(
  keyMask: Tensor2D,
  queries: Tensor1D,
  window: number | null,
  positions?: Tensor2D,
): Tensor4D {
  const [batch, keys] = keyMask.shape;
  const key = tf.range(0, keys, 1, "int32");
  const query = tf.expandDims(queries, 1); // [T, 1]
  const past = tf.lessEqual(key, query); // [T, S]
  const seen = window === null ? past : tf.logicalAnd(past, isWithin(window, key, query));
  const real = tf.reshape(tf.cast(keyMask, "bool"), [batch, 1, 1, keys]);
  const allowed = tf.logicalAnd(seen, real); // [B, 1, T, S]
  const own = positions ? tf.logicalAnd(allowed, isOfText(positions, key, queries)) : allowed;
  return tf.where(own, 0, FORBIDDEN) as Tensor4D;
}

/**
 * What is added to attention scores where a row is a text that branches, such as a prompt with
 * several completions: a token sees the trunk and its own branch, up to its own position.
 * @param positions `[B, T]` int32, of every token in the text that its branch ends
 * @param branches `[B, T]` int32, 0 for the trunk, other numbers above 0 for branches, -1 for padding
 * @param window tokens that a query sees, itself included; null for all before it
 * @returns `[B, 1, T, T]`
 */
export function branchBias(
  positions: Tensor2D,
  branches: Tensor2D,
  window: number | null,
): Tensor4D {
  const [query, key] = [tf.expandDims(positions, 2), tf.expandDims(positions, 1)];
  const past = tf.lessEqual(key, query); // [B, T, T]
  const seen = window === null ? past : tf.logicalAnd(past, isWithin(window, key, query));
  const [ofQuery, ofKey] = [tf.expandDims(branches, 2), tf.expandDims(branches, 1)];
  const isTrunk = tf.equal(ofKey, tf.scalar(0, "int32"));
  const related = tf.logicalOr(isTrunk, tf.equal(ofKey, ofQuery));
  const bias = tf.where(tf.logicalAnd(seen, related), 0, FORBIDDEN);
  return tf.expandDims(bias, 1) as Tensor4D;
}

/** Whether a key is not before the text of the query. `[B, 1, T, S]` */
function isOfText(positions: Tensor2D, key: tf.Tensor, queries: Tensor1D): tf.Tensor {
  const begin = tf.expandDims(tf.sub(queries, positions), 2); // [B, T, 1]
  return tf.expandDims(tf.greaterEqual(key, begin), 1);
}

function isWithin(window: number, key: tf.Tensor, query: tf.Tensor): tf.Tensor {
  return tf.greater(key, tf.sub(query, tf.scalar(window, "int32")));
}
