/**
 * The loss and metrics of a batch of preferences, from the log-probabilities of its completions.
 * What is minimised is the mean over examples of the objective, plus the terms that are switched on.
 */

import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { rewardAccuracies, rewardMargins } from "../implicit-reward.ts";
import { sigmoid } from "../objectives/numerics.ts";
import type {
  ConfiguredPair,
  ConfiguredRanked,
  ConfiguredUnpaired,
  PairResult,
} from "../objectives/objective.ts";
import type { AnyConfigured } from "../objectives/registry.ts";
import { nllLosses, sftLosses } from "../objectives/token-terms.ts";

/** Bars of the histogram of gradient weights. */
const BARS = 10;

/** Log-probabilities of B examples of K completions, nats, and what goes with them. */
export interface CompletionBatch {
  /** `[B K]` of the policy, row-major. */
  readonly policyLogps: Tensor1D;
  /** `[B K]` */
  readonly referenceLogps: Tensor1D;
  /** `[B K]` tokens. */
  readonly lengths: Tensor1D;
  /** `[B]`, 1 for desirable responses; unpaired examples only. */
  readonly labels: Tensor1D;
  /** `[B K]` factors of responses, see `responseWeights`; null for none. */
  readonly weights: Tensor1D | null;
  /** K */
  readonly completions: number;
}

/** Terms beside the objective. */
export interface LossTerms {
  /** Weight of the chosen response's negative log-likelihood per token; 0 for none (RPO). */
  readonly nllWeight: number;
  /** Weight of supervised fine-tuning on chosen responses, all tokens alike; 0 for none. */
  readonly sftWeight: number;
}

/** A scalar to minimise and scalars to report. */
export interface Loss {
  readonly loss: tf.Scalar;
  readonly metrics: Readonly<Record<string, tf.Scalar>>;
}

/** The loss of a batch. @param objective of the kind that the batch is */
export function preferenceLoss(
  objective: AnyConfigured,
  terms: LossTerms,
  batch: CompletionBatch,
): Loss {
  switch (objective.kind) {
    case "pair":
      return pairLoss(objective, terms, batch);
    case "unpaired":
      return unpairedLoss(objective, batch);
    case "ranked":
      return rankedLoss(objective, batch);
  }
}

function pairLoss(objective: ConfiguredPair, terms: LossTerms, batch: CompletionBatch): Loss {
  const [policyChosenLogps, policyRejectedLogps] = columns(batch.policyLogps, 2);
  const [referenceChosenLogps, referenceRejectedLogps] = columns(batch.referenceLogps, 2);
  const [chosenLengths, rejectedLengths] = columns(batch.lengths, 2);
  const result = objective.evaluate({
    policyChosenLogps,
    policyRejectedLogps,
    referenceChosenLogps,
    referenceRejectedLogps,
    chosenLengths,
    rejectedLengths,
  });
  const weighted = batch.weights
    ? tf.mul(result.losses, pairWeights(batch.weights))
    : result.losses;
  const nll = nllLosses(policyChosenLogps, chosenLengths);
  const sft = sftLosses(policyChosenLogps, chosenLengths);
  const losses = [
    weighted,
    ...(terms.nllWeight === 0 ? [] : [tf.mul(nll, terms.nllWeight)]),
    ...(terms.sftWeight === 0 ? [] : [tf.mul(sft, terms.sftWeight)]),
  ];
  const metrics = {
    ...pairMetrics(result),
    "logps/chosen": mean(policyChosenLogps),
    "logps/rejected": mean(policyRejectedLogps),
    "lengths/chosen": mean(chosenLengths),
    "lengths/rejected": mean(rejectedLengths),
    "nll/chosen": mean(nll),
    ...(batch.weights && { weights: mean(pairWeights(batch.weights)) }),
  };
  return { loss: mean(tf.addN(losses)), metrics };
}

/** Rewards, margins, accuracies, and how strongly each pair still pulls. */
function pairMetrics(result: PairResult): Record<string, tf.Scalar> {
  const margins = rewardMargins(result);
  return {
    "rewards/chosen": mean(result.chosenRewards),
    "rewards/rejected": mean(result.rejectedRewards),
    "rewards/margins": mean(margins),
    "rewards/accuracies": mean(rewardAccuracies(result)),
    ...histogram("gradient_weight", sigmoid(tf.neg(margins))),
  };
}

function unpairedLoss(objective: ConfiguredUnpaired, batch: CompletionBatch): Loss {
  const [policyLogps, mismatched] = columns(batch.policyLogps, 2);
  const [referenceLogps, otherReference] = columns(batch.referenceLogps, 2);
  // Completions of other prompts tell how far the policy has moved; Section 4.1 of the KTO paper.
  const kl = tf.relu(mean(tf.sub(mismatched, otherReference)));
  const { labels } = batch;
  const { losses, rewards } = objective.evaluate({ policyLogps, referenceLogps, labels, kl });
  const [lengths] = columns(batch.lengths, 2);
  return {
    loss: mean(losses),
    metrics: {
      "rewards/chosen": maskedMean(rewards, labels),
      "rewards/rejected": maskedMean(rewards, tf.sub(1, labels)),
      "logps/chosen": maskedMean(policyLogps, labels),
      "logps/rejected": maskedMean(policyLogps, tf.sub(1, labels)),
      lengths: mean(lengths),
      kl,
    },
  };
}

function rankedLoss(objective: ConfiguredRanked, batch: CompletionBatch): Loss {
  const { completions } = batch;
  const [policyLogps, referenceLogps] = [batch.policyLogps, batch.referenceLogps].map((logps) =>
    tf.reshape(logps, [-1, completions]),
  ) as [Tensor2D, Tensor2D];
  const { losses, rewards } = objective.evaluate({ policyLogps, referenceLogps });
  const [best] = columns(tf.reshape(rewards, [-1]), completions);
  const others = tf.slice(rewards, [0, 1], [-1, -1]);
  const wins = tf.all(tf.greater(tf.expandDims(best, 1), others), 1);
  return {
    loss: mean(losses),
    metrics: {
      "rewards/chosen": mean(best),
      "rewards/rejected": mean(others),
      "rewards/accuracies": mean(tf.cast(wins, "float32")),
      "logps/chosen": mean(columns(batch.policyLogps, completions)[0]),
    },
  };
}

/** Product of the two responses' weights. `[B]` */
function pairWeights(weights: Tensor1D): Tensor1D {
  const [chosen, rejected] = columns(weights, 2);
  return tf.mul(chosen, rejected);
}

/** The numbers of each completion: K of `[B]` from `[B K]`. */
function columns(numbers: Tensor1D, completions: number): [Tensor1D, Tensor1D, ...Tensor1D[]] {
  const matrix = tf.reshape(numbers, [-1, completions]);
  const all = Array.from({ length: completions }, (_, k) =>
    tf.reshape(tf.slice(matrix, [0, k], [-1, 1]), [-1]),
  );
  return all as [Tensor1D, Tensor1D, ...Tensor1D[]];
}

/** Share of numbers in each tenth of `[0, 1]`. */
function histogram(name: string, numbers: Tensor1D): Record<string, tf.Scalar> {
  const bar = tf.minimum(tf.floor(tf.mul(numbers, BARS)), BARS - 1);
  const shares = Array.from({ length: BARS }, (_, k) => {
    return [
      `${name}/${(k / BARS).toFixed(1)}`,
      mean(tf.cast(tf.equal(bar, k), "float32")),
    ] as const;
  });
  return Object.fromEntries(shares);
}

function maskedMean(numbers: Tensor1D, mask: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(tf.mul(numbers, mask)), tf.maximum(tf.sum(mask), 1));
}

function mean(numbers: tf.Tensor): tf.Scalar {
  return tf.mean(numbers);
}
