/** Rewards from models in memory: learned reward models, and classifiers. */

import type { ModelConfig, Params } from "@preflab/lm";
import type { Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { normalizeScores } from "../reward/normalize.ts";
import { labelScores, type RewardModel, rewardScores } from "../reward/reward-model.ts";
import { type ScorerOptions, scorer } from "../reward/scorer.ts";
import { idsOf, type RewardFunction } from "./reward-function.ts";

/**
 * Normalised scores of a reward model with the policy's tokenizer. The caller keeps the parameters.
 * @throws Error when completions have ids that the model does not know
 */
export function learnedReward(model: RewardModel, options: ScorerOptions): RewardFunction {
  const { config, params, normalization } = model;
  const scores = scorer((ids, mask) => rewardScores(config, params, ids, mask), options);
  return {
    name: "learned",
    score: async (inputs, signal) => {
      const texts = inputs.map(idsOf);
      checkIds("learned reward", config, texts);
      return normalizeScores(await scores.score(texts, signal), normalization);
    },
    dispose: () => scores.dispose(),
  };
}

/** What a classifier gives for a label. */
export const CLASSIFIER_OUTPUTS = ["probability", "log_odds"] as const;

/** Options of {@link classifierReward}. */
export interface ClassifierOptions extends ScorerOptions {
  /** Index of the label that is good. */
  readonly label: number;
  /** `probability`, as the DPO paper's gold reward, or its log-odds, which do not saturate. */
  readonly output: (typeof CLASSIFIER_OUTPUTS)[number];
}

/** The probability of a label under a classifier with the policy's tokenizer. */
export function classifierReward(
  model: { readonly config: ModelConfig; readonly params: Params },
  options: ClassifierOptions,
): RewardFunction {
  const { config, params } = model;
  const { label, output } = options;
  const labels = config.labels ?? 0;
  if (!Number.isInteger(label) || label < 0 || label >= labels || labels < 2) {
    throw new Error(
      `classifierReward: expected a classifier and one of its labels, got label ${label} of ` +
        `${labels}.`,
    );
  }
  const scores = scorer((ids, mask): Tensor1D => {
    const logps = tf.logSoftmax(labelScores(config, params, ids, mask));
    const logp: Tensor1D = tf.reshape(tf.slice(logps, [0, label], [-1, 1]), [-1]);
    if (output === "probability") return tf.exp(logp);
    const isOther = tf.sub(1, tf.oneHot(tf.tensor1d([label], "int32"), labels));
    const others: Tensor1D = tf.sum(tf.mul(tf.exp(logps), isOther), 1);
    return tf.sub(logp, tf.log(others));
  }, options);
  return {
    name: "classifier",
    score: async (inputs, signal) => {
      const texts = inputs.map(idsOf);
      checkIds("classifier reward", config, texts);
      return scores.score(texts, signal);
    },
    dispose: () => scores.dispose(),
  };
}

function checkIds(
  where: string,
  { vocabSize }: ModelConfig,
  texts: readonly (readonly number[])[],
): void {
  const unknown = texts.flat().find((id) => id < 0 || id >= vocabSize);
  if (unknown === undefined) return;
  throw new Error(
    `${where}: expected ids below ${vocabSize}, the size of its vocabulary, got ${unknown}. Policy ` +
      "and reward model must have the same tokenizer.",
  );
}
