/** What a step of GRPO minimises, and of those that differ from it in the mean they take. */

import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { type Aggregation, aggregate } from "./aggregate.ts";
import { type KlLoss, klLosses } from "./kl-loss.ts";
import { policyChange } from "./policy-change.ts";
import { type ClipRange, clippedPolicyLosses, type PolicyLoss } from "./policy-loss.ts";

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
 * `klWeight * divergence`: Eq. 3 of Shao et al. 2024, DeepSeekMath (arXiv:2402.03300). Metrics are
 * means like the loss's, but over completions of means over their tokens with `constant`.
 */
export function grpoLoss(batch: GrpoBatch, options: GrpoLossOptions): PolicyLoss {
  const { mask, logps, oldLogps, referenceLogps } = batch;
  const { clipRange, aggregation, longest, klWeight, klLoss } = options;
  const advantages: Tensor2D = tf.mul(tf.expandDims(batch.advantages, 1), mask);
  const { losses, clipped } = clippedPolicyLosses(logps, oldLogps, advantages, clipRange);
  const policyLoss = aggregate(losses, mask, aggregation, longest);
  const kind = aggregation === "constant" ? "sequence_mean" : aggregation;
  const mean = (numbers: Tensor2D): Scalar => aggregate(numbers, mask, kind);
  const metrics = {
    clip_fraction: mean(clipped),
    ...policyChange(logps, oldLogps, mask, mean),
  };
  if (klWeight === 0) return { loss: policyLoss, metrics };
  // What stands at padding could be far enough from the reference's to be infinite, masked or not.
  const [own, reference] = [logps, referenceLogps].map((x) => tf.mul(x, mask)) as [
    Tensor2D,
    Tensor2D,
  ];
  const kl = aggregate(klLosses(klLoss, own, reference), mask, aggregation, longest);
  return {
    loss: tf.add(policyLoss, tf.mul(kl, klWeight)),
    metrics: { ...metrics, "loss/policy": policyLoss, "loss/kl": kl },
  };
}
