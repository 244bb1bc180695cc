/** SimPO: log-probabilities per token with a target margin, without a reference. */

import * as tf from "@tensorflow/tfjs-core";
import { logisticLoss } from "./logistic-loss.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { number } from "./options.ts";
import { BETA, perToken, policyLogps } from "./scores.ts";

/** `-log sigmoid(beta (a - b) - gamma)`, a and b being log-probabilities per token. */
export const simpo: PairObjective = pairObjective({
  name: "simpo",
  paper: "Meng et al. 2024, SimPO (arXiv:2405.14734)",
  equation:
    "Eq. 6: -log sigmoid(beta log pi(chosen) / |chosen| - beta log pi(rejected) / |rejected| - gamma)",
  reference: false,
  options: { beta: BETA, gamma: number(0.5, { from: 0 }) },
  losses: (logps, { beta, gamma }) => {
    const { chosen, rejected } = perToken(policyLogps(logps), logps);
    return logisticLoss(tf.sub(tf.mul(tf.sub(chosen, rejected), beta), gamma));
  },
});
