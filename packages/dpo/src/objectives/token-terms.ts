/**
 * What a trainer can add to an objective from the log-probabilities of single tokens: other ways to
 * sum them up, weights of pairs, and the likelihood of chosen responses as a loss of its own.
 */

import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { stopGradient } from "./numerics.ts";

/**
 * Log-probabilities of completions in which what exceeds a length counts less: LD-DPO, Liu et al.
 * 2024 (arXiv:2409.06411). Both models and both responses of a pair are summed up like this, with
 * the shorter of the two lengths.
 * @param tokenLogps `[B, C]` nats
 * @param mask `[B, C]`, 1 for tokens of the completion
 * @param publicLengths `[B]` tokens that count in full: `min(chosen length, rejected length)`
 * @param alpha what the others count, in [0, 1]; 1 is the plain sum
 * @returns `[B]` nats
 */
export function lengthDesensitizedLogps(
  tokenLogps: Tensor2D,
  mask: Tensor2D,
  publicLengths: Tensor1D,
  alpha: number,
): Tensor1D {
  const ordinal = tf.cumsum(mask, 1); // [B, C], from 1 within the completion
  const limit = tf.expandDims(tf.cast(publicLengths, "float32"), 1);
  const isPublic = tf.cast(tf.lessEqual(ordinal, limit), "float32");
  const weights = tf.add(tf.mul(isPublic, 1 - alpha), alpha);
  return tf.sum(tf.mul(tokenLogps, tf.mul(mask, weights)), 1);
}

/**
 * Weights of responses by how likely the policy is to give them: Eq. 2 of WPO, Zhou et al. 2024
 * (arXiv:2406.11827), `exp(mean_t(log p(token) - log sum_v p_v^2))`. A pair's loss is multiplied by
 * the weights of both responses. No gradient flows through; not for objectives that sort the batch.
 * @param tokenLogps `[B, C]` of the policy, nats
 * @param collisions `[B, C]`, `log sum_v p_v^2` of the policy, nats
 * @param mask `[B, C]`, 1 for tokens of the completion
 * @returns `[B]`, above 1 for responses more likely than the policy's own draws
 */
export function responseWeights(
  tokenLogps: Tensor2D,
  collisions: Tensor2D,
  mask: Tensor2D,
): Tensor1D {
  const excess: Tensor2D = tf.mul(tf.sub(tokenLogps, collisions), mask);
  const mean: Tensor1D = tf.div(tf.sum(excess, 1), tf.maximum(tf.sum(mask, 1), 1));
  return stopGradient(tf.exp(mean));
}

/**
 * Negative log-likelihood per token of each chosen response: the term that RPO adds to DPO, Pang et
 * al. 2024 (arXiv:2404.19733), and CPO to its preference term.
 * @param chosenLogps `[B]` summed log-probabilities of the policy, nats
 * @param chosenLengths `[B]` tokens
 * @returns `[B]`
 */
export function nllLosses(chosenLogps: Tensor1D, chosenLengths: Tensor1D): Tensor1D {
  return tf.div(tf.neg(chosenLogps), tf.maximum(tf.cast(chosenLengths, "float32"), 1));
}

/**
 * Supervised fine-tuning on chosen responses, where every token of the batch counts the same, as a
 * loss per row: the mean over rows is the mean over tokens.
 * @param chosenLogps `[B]` summed log-probabilities of the policy, nats
 * @param chosenLengths `[B]` tokens
 * @returns `[B]`
 */
export function sftLosses(chosenLogps: Tensor1D, chosenLengths: Tensor1D): Tensor1D {
  const tokens = tf.maximum(tf.mean(tf.cast(chosenLengths, "float32")), 1 / chosenLogps.size);
  return tf.div(tf.neg(chosenLogps), tokens);
}
