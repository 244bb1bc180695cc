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

/** How a token is chosen; null leaves a filter out. What is a tensor can change without compiling. */
export interface Choice {
  /** null takes the likeliest token; 1 leaves the logits as they are. */
  readonly temperature: Scalar | 1 | null;
  readonly topK: number | null;
  readonly topP: Scalar | null;
  readonly minP: Scalar | null;
  readonly penalty: Scalar | null;
}

/** Next tokens. */
export interface Drawn {
  /** `[N]` int32 */
  readonly ids: Tensor1D;
  /** `[N]` log-probability under the model, nats: temperature 1, no filter, no penalty. */
  readonly logps: Tensor1D;
  /** `[N]` the same at the sampling temperature, 0 without one. */
  readonly temperedLogps: Tensor1D;
}

/**
 * Chooses a token per row.
 * @param logits `[N, V]` of the model
 * @param noise `[N, 1]` uniform in `[0, 1)`, multiples of 2^-24
 * @param history `[N, L]` int32, see {@link repetitionPenalty}; read only with a penalty
 */
export function choose(
  logits: Tensor2D,
  choice: Choice,
  noise: Tensor2D,
  history: Tensor2D | null,
): Drawn {
  const { temperature, penalty } = choice;
  const penalized = penalty && history ? repetitionPenalty(logits, history, penalty) : logits;
  if (!temperature) {
    const ids = tf.argMax(penalized, 1) as Tensor1D;
    return { ids, logps: logSoftmaxAt(logits, ids), temperedLogps: tf.zeros([ids.size]) };
  }
  const isOne = temperature === 1;
  const tempered = isOne ? penalized : temper(penalized, temperature);
  const ids = invertCumulative(filtered(tempered, choice), noise);
  const logps = logSoftmaxAt(logits, ids);
  const temperedLogps = isOne ? logps : logSoftmaxAt(temper(logits, temperature), ids);
  return { ids, logps, temperedLogps };
}

function filtered(logits: Tensor2D, choice: Choice): Tensor2D {
  let kept = logits;
  if (choice.topK !== null) kept = topK(kept, choice.topK);
  if (choice.topP) kept = topP(kept, choice.topP, choice.topK ?? undefined);
  return choice.minP ? minP(kept, choice.minP) : kept;
}

/**
 * The first token whose cumulative probability exceeds the noise. Never one of probability 0: its
 * cumulative probability is that of the token before it.
 * @param noise `[N, 1]` as in {@link choose}
 * @returns `[N]` int32
 */
export function invertCumulative(logits: Tensor2D, noise: Tensor2D): Tensor1D {
  const vocabulary = logits.shape[1];
  const cumulative = tf.cumsum(tf.softmax(logits), 1) as Tensor2D;
  // Rounding leaves the sum a little off 1; noise of at most 1 - 2^-24 keeps this below the sum.
  const target = tf.mul(tf.slice(cumulative, [0, vocabulary - 1], [-1, 1]), noise);
  return tf.sum(tf.cast(tf.lessEqual(cumulative, target), "int32"), 1);
}
