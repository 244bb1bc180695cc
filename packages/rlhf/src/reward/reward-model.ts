/**
 * A transformer with a linear head that scores a text by its last real token. The head's parameter is
 * `score.weight` `[D, 1]`, as in the classifiers of transformers; files are in ../io.
 */

import {
  hiddenStatesAt,
  type ModelConfig,
  type Params,
  RandomStream,
  type TrainablePolicy,
  trainableParameters,
} from "@preflab/lm";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** Name of the head's parameter. */
export const SCORE_HEAD = "score.weight";

/** `gain * score + bias`, which makes scores of different models comparable. */
export interface Normalization {
  readonly gain: number;
  readonly bias: number;
}

/** Leaves scores as they are. */
export const NO_NORMALIZATION: Normalization = { gain: 1, bias: 0 };

/** A model that scores texts. */
export interface RewardModel {
  /** Of one label. */
  readonly config: ModelConfig;
  readonly params: Params;
  /** Applied to what the head gives. */
  readonly normalization: Normalization;
}

/**
 * Scores of texts for every label, before normalisation, in a graph. Padding may be on either side and
 * never counts.
 * @param ids `[B, T]` int32 @param attentionMask `[B, T]` int32, with at least one 1 per row
 * @returns `[B, labels]`
 */
export function labelScores(
  config: ModelConfig,
  params: Params,
  ids: Tensor2D,
  attentionMask: Tensor2D,
): Tensor2D {
  const head = params[SCORE_HEAD] as Tensor2D | undefined;
  if (config.labels === undefined || !head) {
    throw new Error(
      `labelScores: expected a model with labels and ${SCORE_HEAD}, got a language model. Give it ` +
        "a head with withScoreHead.",
    );
  }
  const states = hiddenStatesAt(config, params, ids, attentionMask, lastTokens(attentionMask));
  return tf.matMul(states, head);
}

/** The one score of every text, see {@link labelScores}. `[B]` */
export function rewardScores(
  config: ModelConfig,
  params: Params,
  ids: Tensor2D,
  attentionMask: Tensor2D,
): Tensor1D {
  if (config.labels !== 1) {
    throw new Error(
      `rewardScores: expected a model of one label, got ${config.labels ?? "no"} labels. Give a ` +
        "language model a head with withScoreHead, use a classifier with classifierReward.",
    );
  }
  return tf.reshape(labelScores(config, params, ids, attentionMask), [-1]);
}

/** Places of the last real tokens among `[B * T]`. `[B]` int32 */
export function lastTokens(attentionMask: Tensor2D): Tensor1D {
  const [rows, length] = attentionMask.shape;
  const columns: Tensor2D = tf.mul(attentionMask, tf.range(0, length, 1, "int32"));
  return tf.add(tf.max(columns, 1), tf.range(0, rows * length, length, "int32")) as Tensor1D;
}

/** How a new head begins. */
export interface ScoreHeadOptions {
  readonly seed: number;
  /**
   * Standard deviation of its weights. transformers: 0.02; lm-human-preferences: `1 / sqrt(D + 1)`,
   * detail 8 of Huang et al. 2023.
   */
  readonly deviation: number;
}

/**
 * A reward model that begins as a language model, whose output head it leaves out.
 * @returns parameters that are those of the language model but for the new head, which the caller
 *   disposes
 */
export function withScoreHead(
  config: ModelConfig,
  params: Params,
  { seed, deviation }: ScoreHeadOptions,
): { readonly config: ModelConfig; readonly params: Params } {
  const { head: _, ...backbone } = params;
  const weights = new Float32Array(config.width);
  new RandomStream(seed, `init/${SCORE_HEAD}`).fillNormal(weights, deviation);
  const score = tf.tensor2d(weights, [config.width, 1]);
  return { config: { ...config, labels: 1 }, params: { ...backbone, [SCORE_HEAD]: score } };
}

/**
 * A model with a score head that is trained alone, on what the others make of texts.
 * @param params those of the trunk are used as they are and stay the caller's, as does the head, which
 *   is copied
 */
export function headPolicy(config: ModelConfig, params: Params): TrainablePolicy {
  const { [SCORE_HEAD]: head, ...trunk } = params;
  if (!head) throw new Error(`headPolicy: expected ${SCORE_HEAD}, got none. Use withScoreHead.`);
  const variables = trainableParameters({ [SCORE_HEAD]: head });
  return { config, variables, parameters: () => ({ ...trunk, ...variables }) };
}
