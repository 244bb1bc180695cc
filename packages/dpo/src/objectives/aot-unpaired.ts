/**
 * Alignment by optimal transport, unpaired: the distribution of the chosen responses' log-ratios in
 * a batch is to dominate that of the rejected ones, quantile by quantile.
 */

import * as tf from "@tensorflow/tfjs-core";
import { logisticLoss } from "./logistic-loss.ts";
import { sortAscending } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, LABEL_SMOOTHING, logRatios, RATIO_OPTIONS } from "./scores.ts";

/**
 * DPO's loss of the margin between the i-th smallest log-ratio of chosen and that of rejected
 * responses, whichever prompts they answer. Losses belong to the batch, and gradients to its size.
 */
export const aotUnpaired: PairObjective = pairObjective({
  name: "aot_unpaired",
  paper: "Melnyk et al. 2024, Distributional Preference Alignment (arXiv:2406.05882)",
  equation:
    "Section 3, unpaired: -(1 - e) log sigmoid(beta d) - e log sigmoid(-beta d), d = " +
    "sort(log(pi/ref)(chosen)) - sort(log(pi/ref)(rejected)), e = labelSmoothing",
  batchLevel: true,
  options: { beta: BETA, labelSmoothing: LABEL_SMOOTHING, ...RATIO_OPTIONS },
  losses: (logps, options) => {
    const { chosen, rejected } = logRatios(logps, options);
    const margins = tf.sub(sortAscending(chosen), sortAscending(rejected));
    return logisticLoss(tf.mul(margins, options.beta), options.labelSmoothing);
  },
});
