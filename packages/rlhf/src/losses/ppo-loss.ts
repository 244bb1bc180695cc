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
  /** Entropy of the distributions that the tokens are drawn from, nats; null where it has no weight. */
  readonly entropy: Tensor2D | null;
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
 * @throws Error for a weight of the entropy without one
 */
export function ppoLoss(batch: PpoBatch, options: PpoLossOptions): PolicyLoss {
  const { mask, logps, oldLogps } = batch;
  const { clipRange, valueClipRange, valueWeight, entropyWeight } = options;
  if (batch.entropy === null && entropyWeight !== 0) {
    throw new Error(`ppoLoss: expected an entropy, which has weight ${entropyWeight}, got none.`);
  }
  const policy = clippedPolicyLosses(logps, oldLogps, batch.advantages, clipRange);
  const value = clippedValueLosses(batch.values, batch.oldValues, batch.returns, valueClipRange);
  const [policyLoss, valueLoss] = [policy, value].map((x) => maskedMean(x.losses, mask)) as [
    Scalar,
    Scalar,
  ];
  const entropy = batch.entropy && maskedMean(batch.entropy, mask);
  const losses: Scalar = tf.add(policyLoss, tf.mul(valueLoss, valueWeight));
  return {
    loss: entropy ? tf.sub(losses, tf.mul(entropy, entropyWeight)) : losses,
    metrics: {
      "loss/policy": policyLoss,
      "loss/value": valueLoss,
      ...(entropy && { entropy }),
      clip_fraction: maskedMean(policy.clipped, mask),
      value_clip_fraction: maskedMean(value.clipped, mask),
      ...policyChange(logps, oldLogps, mask),
    },
  };
}
