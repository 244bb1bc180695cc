/** What a step of GRPO minimises, and of those that differ from it in the mean they take. */

import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { type Aggregation, aggregate } from "./aggregate.ts";
import { type KlLoss, klLosses } from "./kl-loss.ts";
import { type ClipRange, clippedPolicyLosses } from "./policy-loss.ts";

/** Weights, ranges and means. */
export interface GrpoLossOptions {
  readonly clipRange: ClipRange;
  readonly aggregation: Aggregation;
  /** Longest completion, tokens; for the aggregation `constant`. */
  readonly longest: number;
  /** beta: weight of the divergence from the reference. */
  readonly klWeight: number;
  readonly klLoss: KlLoss;
}

/** Numbers of a minibatch. */
export interface GrpoBatch {
  /** `[B, T]`, 1 for completion tokens. */
  readonly mask: Tensor2D;
  /** `[B, T]` nats, of the policy in training. */
  readonly logps: Tensor2D;
  /** `[B, T]` nats, when the completions were sampled. */
  readonly oldLogps: Tensor2D;
  /** `[B, T]` nats; read where the divergence has a weight. */
  readonly referenceLogps: Tensor2D;
  /** `[B]`, one per completion: see `groupRelativeAdvantages`. */
  readonly advantages: Tensor1D;
}

/**
 * The clipped surrogate of every token with the advantage of its completion, plus
 * `klWeight * divergence`: Eq. 3 of Shao et al. 2024, DeepSeekMath (arXiv:2402.03300).
 */
export function grpoLoss(batch: GrpoBatch, options: GrpoLossOptions): Scalar {
  const { mask, logps, oldLogps, referenceLogps } = batch;
  const { clipRange, aggregation, longest, klWeight, klLoss } = options;
  const advantages: Tensor2D = tf.mul(tf.expandDims(batch.advantages, 1), mask);
  const { losses } = clippedPolicyLosses(logps, oldLogps, advantages, clipRange);
  const total: Tensor2D =
    klWeight === 0
      ? losses
      : tf.add(losses, tf.mul(klLosses(klLoss, logps, referenceLogps), klWeight));
  return aggregate(total, mask, aggregation, longest);
}
