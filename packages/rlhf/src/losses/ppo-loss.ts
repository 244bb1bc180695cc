/** What a step of PPO minimises. */

import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { maskedMean } from "./aggregate.ts";
import { policyChange } from "./policy-change.ts";
import { type ClipRange, clippedPolicyLosses, type PolicyLoss } from "./policy-loss.ts";
import { clippedValueLosses } from "./value-loss.ts";

/** Weights and ranges. */
export interface PpoLossOptions {
  readonly clipRange: ClipRange;
  /** Of the value loss; null for none. */
  readonly valueClipRange: number | null;
  readonly valueWeight: number;
  readonly entropyWeight: number;
}

/** Numbers of a minibatch per completion token, all `[B, T]`. */
export interface PpoBatch {
  /** 1 for completion tokens. */
  readonly mask: Tensor2D;
  /** Of the policy in training, nats. */
  readonly logps: Tensor2D;
  /** Entropy of the distributions that the tokens are drawn from, nats. */
  readonly entropy: Tensor2D;
  readonly values: Tensor2D;
  /** When the completions were sampled. */
  readonly oldLogps: Tensor2D;
  readonly oldValues: Tensor2D;
  readonly advantages: Tensor2D;
  readonly returns: Tensor2D;
}

/**
 * `policy + valueWeight * value - entropyWeight * entropy`, each a mean over completion tokens;
 * Schulman et al. 2017 (arXiv:1707.06347), Eq. 9.
 */
export function ppoLoss(batch: PpoBatch, options: PpoLossOptions): PolicyLoss {
  const { mask, logps, oldLogps } = batch;
  const { clipRange, valueClipRange, valueWeight, entropyWeight } = options;
  const policy = clippedPolicyLosses(logps, oldLogps, batch.advantages, clipRange);
  const value = clippedValueLosses(batch.values, batch.oldValues, batch.returns, valueClipRange);
  const [policyLoss, valueLoss] = [policy, value].map((x) => maskedMean(x.losses, mask)) as [
    Scalar,
    Scalar,
  ];
  const entropy = maskedMean(batch.entropy, mask);
  const loss: Scalar = tf.sub(
    tf.add(policyLoss, tf.mul(valueLoss, valueWeight)),
    tf.mul(entropy, entropyWeight),
  );
  return {
    loss,
    metrics: {
      "loss/policy": policyLoss,
      "loss/value": valueLoss,
      entropy,
      clip_fraction: maskedMean(policy.clipped, mask),
      value_clip_fraction: maskedMean(value.clipped, mask),
      ...policyChange(logps, oldLogps, mask),
    },
  };
}
