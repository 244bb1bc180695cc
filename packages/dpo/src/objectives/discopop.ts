/** DiscoPOP, a blend of logistic and exponential loss that a language model proposed. */

import * as tf from "@tensorflow/tfjs-core";
import { logisticExponentialBlend } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { number } from "./options.ts";
import { BETA, SCORE_OPTIONS, scoreMargin } from "./scores.ts";

/** `-(1 - m) log sigmoid(z) + m exp(-z)` with `z = beta h` and `m = sigmoid(z / tau)`. */
export const discopop: PairObjective = pairObjective({
  name: "discopop",
  paper: "Lu et al. 2024, Discovering Preference Optimization Algorithms (arXiv:2406.08414)",
  equation: "Eq. 5: -(1 - m) log sigmoid(z) + m exp(-z), z = beta h, m = sigmoid(z / tau)",
  options: { beta: BETA, tau: number(0.05, { above: 0 }), ...SCORE_OPTIONS },
  losses: (logps, options) =>
    logisticExponentialBlend(tf.mul(scoreMargin(logps, options), options.beta), options.tau),
});
