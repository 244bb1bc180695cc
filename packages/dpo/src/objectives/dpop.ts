/** DPO-positive: DPO with a penalty once the chosen response becomes less likely than it was. */

import * as tf from "@tensorflow/tfjs-core";
import { logisticLoss } from "./logistic-loss.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { number } from "./options.ts";
import { BETA, logRatios } from "./scores.ts";

/** `-log sigmoid(beta (c - r - lambda max(0, -c)))`; at c = 0 the penalty's gradient is 0. */
export const dpop: PairObjective = pairObjective({
  name: "dpop",
  paper: "Pal et al. 2024, Smaug: Fixing Failure Modes of DPO with DPO-Positive (arXiv:2402.13228)",
  equation:
    "-log sigmoid(beta (c - r - lambda max(0, log(ref/pi)(chosen)))), " +
    "c and r = log(pi/ref) of chosen and rejected",
  options: { beta: BETA, lambda: number(50, { from: 0 }) },
  losses: (logps, { beta, lambda }) => {
    const { chosen, rejected } = logRatios(logps, { referenceFree: false });
    const margin = tf.sub(chosen, rejected);
    if (lambda === 0) return logisticLoss(tf.mul(margin, beta));
    const penalty = tf.mul(tf.relu(tf.neg(chosen)), lambda);
    return logisticLoss(tf.mul(tf.sub(margin, penalty), beta));
  },
});
