/** Contrastive preference optimization: DPO with a uniform reference. */

import * as tf from "@tensorflow/tfjs-core";
import { logisticLoss } from "./logistic-loss.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { choice } from "./options.ts";
import { BETA, LABEL_SMOOTHING, policyLogps } from "./scores.ts";

/**
 * The preference term of CPO on `d = log pi(chosen) - log pi(rejected)`: logistic, hinge
 * `max(0, 1 - beta d)` or squared `(d - 1 / (2 beta))^2`. CPO adds the negative log-likelihood of
 * chosen, which is a term of the trainer.
 */
export const cpo: PairObjective = pairObjective({
  name: "cpo",
  paper: "Xu et al. 2024, Contrastive Preference Optimization (arXiv:2401.08417)",
  equation: "Section 3, preference term: -log sigmoid(beta (log pi(chosen) - log pi(rejected)))",
  reference: false,
  options: {
    beta: BETA,
    labelSmoothing: LABEL_SMOOTHING,
    lossType: choice<"sigmoid" | "hinge" | "ipo">("sigmoid", ["sigmoid", "hinge", "ipo"]),
  },
  losses: (logps, { beta, labelSmoothing, lossType }) => {
    const { chosen, rejected } = policyLogps(logps);
    const margin = tf.sub(chosen, rejected);
    switch (lossType) {
      case "sigmoid":
        return logisticLoss(tf.mul(margin, beta), labelSmoothing);
      case "hinge":
        return tf.relu(tf.sub(1, tf.mul(margin, beta)));
      case "ipo":
        return tf.square(tf.sub(margin, 1 / (2 * beta)));
    }
  },
});
