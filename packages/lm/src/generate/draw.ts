/**
 * From logits to the next token of every row, inside the compiled step.
 *
 * Drawn by inverting the cumulative distribution, not by adding Gumbel noise: it needs one uniform
 * number per row and step instead of one per word of the vocabulary, which the host would have to
 * make and feed.
 */

import { logSoftmaxAt } from "@preflab/tfjs-backend-ort";
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { minP, repetitionPenalty, temper, topK, topP } from "./filters.ts";

/** Vocabularies up to this size are accumulated as they are. */
const MAX_SINGLE = 256;
/** Largest float32 below 1. */
const BELOW_ONE = 1 - 2 ** -24;

/** How a token is chosen; null leaves a filter out. What is a tensor can change without compiling. */
export interface Choice {
  /** null takes the likeliest token; 1 leaves the logits as they are. */
  readonly temperature: Scalar | 1 | null;
  readonly topK: number | null;
  readonly topP: Scalar | null;
  /** Likeliest tokens that {@link topP} looks at, at least 1. */
  readonly nucleus: number;
  readonly minP: Scalar | null;
  readonly penalty: Scalar | null;
  /** `[V]`, added to the logits: 0, or a large negative number for tokens never to be drawn. */
  readonly banned: Tensor1D | null;
}

/** Next tokens. */
export interface Drawn {
  /** `[N]` int32 */
  readonly ids: Tensor1D;
  /** `[N]` log-probability under the model, nats: temperature 1, no filter, no penalty, no ban. */
  readonly logps: Tensor1D;
  /** `[N]` the same at the sampling temperature; null where that is none or 1. */
  readonly temperedLogps: Tensor1D | null;
  /**
   * `[N]` int32, 0 where `nucleus` tokens are too few to tell what top-p keeps, so that the draw may
   * be wrong; null where all draws are right.
   */
  readonly isSure: Tensor1D | null;
}

/**
 * Chooses a token per row.
 * @param logits `[N, V]` of the model
 * @param noise `[N, 1]` uniform in `[0, 1)`, multiples of 2^-24; read only with a temperature
 * @param history `[N, L]` int32, see {@link repetitionPenalty}; read only with a penalty
 */
export function choose(
  logits: Tensor2D,
  choice: Choice,
  noise: Tensor2D | null,
  history: Tensor2D | null,
): Drawn {
  const { temperature, penalty, banned } = choice;
  const penalized = penalty && history ? repetitionPenalty(logits, history, penalty) : logits;
  const allowed = banned ? tf.add<Tensor2D>(penalized, banned) : penalized;
  if (!temperature || !noise) {
    const ids = tf.argMax(allowed, 1) as Tensor1D;
    return { ids, logps: logSoftmaxAt(logits, ids), temperedLogps: null, isSure: null };
  }
  const isOne = temperature === 1;
  const { kept, isSure } = filtered(isOne ? allowed : temper(allowed, temperature), choice);
  const ids = invertCumulative(kept, noise);
  const logps = logSoftmaxAt(logits, ids);
  const temperedLogps = isOne ? null : logSoftmaxAt(temper(logits, temperature), ids);
  return { ids, logps, temperedLogps, isSure };
}

function filtered(
  logits: Tensor2D,
  choice: Choice,
): { readonly kept: Tensor2D; readonly isSure: Tensor1D | null } {
  const { topP: share, minP: least, nucleus } = choice;
  const fewest = choice.topK === null ? logits : topK(logits, choice.topK);
  // Top-k may leave more than k tokens, equal ones, but never others that are likelier than those.
  const most = Math.min(choice.topK ?? logits.shape[1], logits.shape[1]);
  const { kept, isSure } = share
    ? topP(fewest, share, Math.min(most, nucleus))
    : { kept: fewest, isSure: null };
  return { kept: least ? minP(kept, least) : kept, isSure: most > nucleus ? isSure : null };
}

/**
 * The first token whose cumulative probability exceeds the noise. Never one of probability 0: its
 * cumulative probability is that of the token before it.
 *
 * Cumulative sums take ten times as long as plain ones. So the probabilities of blocks are summed,
 * and accumulated are these sums and the one block in which the draw lies.
 * @param noise `[N, 1]` as in {@link choose}
 * @returns `[N]` int32
 */
export function invertCumulative(logits: Tensor2D, noise: Tensor2D): Tensor1D {
  const [rows, vocabulary] = logits.shape;
  const probabilities = tf.softmax(logits);
  if (vocabulary <= MAX_SINGLE) {
    const cumulative = tf.cumsum(probabilities, 1) as Tensor2D;
    return countUpTo(cumulative, shareOfLast(cumulative, noise));
  }
  const width = 2 ** Math.round(Math.log2(vocabulary) / 2);
  const blocks = Math.ceil(vocabulary / width);
  const padded = tf.pad(probabilities, [
    [0, 0],
    [0, blocks * width - vocabulary],
  ]);
  const sums = tf.sum(tf.reshape(padded, [rows, blocks, width]), 2);
  const cumulative = tf.cumsum(sums, 1) as Tensor2D;
  const target = shareOfLast(cumulative, noise);
  const block = countUpTo(cumulative, target);
  const before = tf.max(tf.where(tf.lessEqual(cumulative, target), cumulative, 0), 1, true);
  const starts = tf.range(0, rows * blocks, blocks, "int32");
  const chosen = tf.gather(tf.reshape(padded, [rows * blocks, width]), tf.add(starts, block));
  const within = tf.cumsum(chosen, 1) as Tensor2D;
  // The sum of a block and the end of its cumulative sum round differently.
  const rest = tf.minimum<Tensor2D>(tf.sub(target, before), shareOfLast(within, BELOW_ONE));
  return tf.add(tf.mul(block, tf.scalar(width, "int32")), countUpTo(within, rest));
}

/**
 * A share of the last element of every row, below that element although both are rounded.
 * @param share at most 1 - 2^-24
 */
function shareOfLast(rising: Tensor2D, share: Tensor2D | number): Tensor2D {
  return tf.mul(tf.slice(rising, [0, rising.shape[1] - 1], [-1, 1]), share);
}

/** How many elements of every row are at most `limit` `[N, 1]`. `[N]` int32 */
function countUpTo(rising: Tensor2D, limit: Tensor2D): Tensor1D {
  return tf.sum(tf.cast(tf.lessEqual(rising, limit), "int32"), 1);
}
