/**
 * Alignment by optimal transport, on pairs: the distribution of the policy's margins in a batch is
 * to dominate that of the reference's, quantile by quantile.
 */

import type { Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { logisticLoss } from "./logistic-loss.ts";
import { sortAscending } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, LABEL_SMOOTHING, RATIO_OPTIONS } from "./scores.ts";

/**
 * DPO's loss of the margin between the i-th smallest log-ratio of the policy and that of the
 * reference. Losses belong to the batch, and gradients to its size.
 */
export const aot: PairObjective = pairObjective({
  name: "aot",
  paper: "Melnyk et al. 2024, Distributional Preference Alignment (arXiv:2406.05882)",
  equation:
    "Section 3, paired: -(1 - e) log sigmoid(beta d) - e log sigmoid(-beta d), d = " +
    "sort(log pi(chosen) - log pi(rejected)) - sort(log ref(chosen) - log ref(rejected)), " +
    "e = labelSmoothing",
  batchLevel: true,
  options: { beta: BETA, labelSmoothing: LABEL_SMOOTHING, ...RATIO_OPTIONS },
  losses: (logps, { beta, labelSmoothing, referenceFree }) => {
    const policy = sortAscending(tf.sub(logps.policyChosenLogps, logps.policyRejectedLogps));
    if (referenceFree) return logisticLoss(tf.mul(policy, beta), labelSmoothing);
    const reference: Tensor1D = tf.sub(logps.referenceChosenLogps, logps.referenceRejectedLogps);
    const margins = tf.sub(policy, sortAscending(reference));
    return logisticLoss(tf.mul(margins, beta), labelSmoothing);
  },
});
