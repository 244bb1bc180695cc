/** AlphaPO: SimPO with a reward whose shape an exponent changes. */

import * as tf from "@tensorflow/tfjs-core";
import { logisticLoss } from "./logistic-loss.ts";
import { saturatingExpm1 } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { number } from "./options.ts";
import { BETA, perToken, policyLogps } from "./scores.ts";

/**
 * SimPO's loss with `(1 - p^-alpha) / alpha` in place of `log p`, p being the geometric mean of a
 * response's token probabilities; alpha 0 is SimPO.
 */
export const alphapo: PairObjective = pairObjective({
  name: "alphapo",
  paper: "Gupta et al. 2025, AlphaPO (arXiv:2501.03884)",
  equation:
    "-log sigmoid(beta (u(chosen) - u(rejected)) - gamma), u = (1 - p^-alpha) / alpha, " +
    "p = pi^(1 / tokens)",
  reference: false,
  options: {
    beta: BETA,
    gamma: number(0.5, { from: 0 }),
    alpha: number(0.25, { from: -10, to: 10 }),
  },
  losses: (logps, { beta, gamma, alpha }) => {
    const utilityOf = (x: tf.Tensor1D) =>
      alpha === 0 ? x : tf.div(saturatingExpm1(tf.mul(x, -alpha)), -alpha);
    const { chosen, rejected } = perToken(policyLogps(logps), logps);
    const margin = tf.sub(utilityOf(chosen), utilityOf(rejected));
    return logisticLoss(tf.sub(tf.mul(margin, beta), gamma));
  },
});
