/**
 * Implicit rewards: what a policy that prefers some responses more than its reference does would be
 * rewarded for. For logs and evaluation; gradients are of no use here.
 */

import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * `beta log(policy / reference)`, up to a term of the prompt alone: Eq. 5 of Rafailov et al. 2023
 * (arXiv:2305.18290).
 * @param policyLogps summed log-probabilities of responses, nats, any shape
 * @param referenceLogps of the same shape; null without a reference: `beta log(policy)`
 * @returns rewards in the shape of the log-probabilities
 */
export function implicitRewards<T extends Tensor>(
  policyLogps: T,
  referenceLogps: T | null,
  beta: number,
): T {
  return tf.mul(referenceLogps ? tf.sub(policyLogps, referenceLogps) : policyLogps, beta);
}

/** Rewards of pairs. */
export interface PairRewards {
  /** `[B]` */
  readonly chosenRewards: Tensor1D;
  /** `[B]` */
  readonly rejectedRewards: Tensor1D;
}

/** How much more the chosen response is rewarded. `[B]` */
export function rewardMargins({ chosenRewards, rejectedRewards }: PairRewards): Tensor1D {
  return tf.sub(chosenRewards, rejectedRewards);
}

/** 1 where the chosen response is rewarded more, 0 elsewhere; a tie is wrong. `[B]` float32 */
export function rewardAccuracies({ chosenRewards, rejectedRewards }: PairRewards): Tensor1D {
  return tf.cast(tf.greater(chosenRewards, rejectedRewards), "float32");
}
