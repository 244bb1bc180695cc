/** What a step of RLOO minimises. */

import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { aggregate } from "./aggregate.ts";
import { policyChange } from "./policy-change.ts";
import { type ClipRange, clippedPolicyLosses, type PolicyLoss } from "./policy-loss.ts";

/** Numbers of a minibatch. */
export interface RlooBatch {
  /** `[B, T]`, 1 for completion tokens. */
  readonly mask: Tensor2D;
  /** `[B, T]` nats, of the policy in training. */
  readonly logps: Tensor2D;
  /** `[B, T]` nats, when the completions were sampled. */
  readonly oldLogps: Tensor2D;
  /** `[B]`, one per completion: see `leaveOneOutAdvantages`. */
  readonly advantages: Tensor1D;
}

/**
 * PPO's clipped surrogate with a whole completion as one action, mean over completions; at the
 * policy that sampled, its gradient is REINFORCE's. Ahmadian et al. 2024 (arXiv:2402.14740); clipped
 * as in TRL's RLOOTrainer. `clip_fraction` is that of completions; the other metrics are of tokens,
 * means over completions of their means.
 */
export function rlooLoss(
  { mask, logps, oldLogps, advantages }: RlooBatch,
  clipRange: ClipRange,
): PolicyLoss {
  const [current, old] = [logps, oldLogps].map((x) => tf.sum(tf.mul(x, mask), 1)) as [
    Tensor1D,
    Tensor1D,
  ];
  const { losses, clipped } = clippedPolicyLosses(current, old, advantages, clipRange);
  return {
    loss: tf.mean(losses),
    metrics: {
      clip_fraction: tf.mean(clipped),
      ...policyChange(logps, oldLogps, mask, (x) => aggregate(x, mask, "sequence_mean")),
    },
  };
}
