/** Robust DPO: an unbiased estimate of DPO's loss from labels of which a known share is flipped. */

import type { Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { softplus } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { number } from "./options.ts";
import { BETA, SCORE_OPTIONS, scoreMargin } from "./scores.ts";

/** `(-(1 - e) log sigmoid(beta h) + e log sigmoid(-beta h)) / (1 - 2 e)`; has no lower bound. */
export const robust: PairObjective = pairObjective({
  name: "robust",
  paper: "Chowdhury et al. 2024, Provably Robust DPO (arXiv:2403.00409)",
  equation:
    "Section 3.1: (-(1 - e) log sigmoid(beta h) + e log sigmoid(-beta h)) / (1 - 2 e), " +
    "e = labelSmoothing",
  options: { beta: BETA, labelSmoothing: number(0.1, { from: 0, below: 0.5 }), ...SCORE_OPTIONS },
  losses: (logps, options) => {
    const z: Tensor1D = tf.mul(scoreMargin(logps, options), options.beta);
    const flipped = options.labelSmoothing;
    const right = softplus(tf.neg(z));
    // Without flips the other term would be 0 * infinity where the order is certain.
    if (flipped === 0) return right;
    const unbiased = tf.sub(tf.mul(right, 1 - flipped), tf.mul(softplus(z), flipped));
    return tf.div(unbiased, 1 - 2 * flipped);
  },
});
