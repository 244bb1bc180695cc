/** Self-play preference optimization with hard labels: both log-ratios are regressed to a target. */

import * as tf from "@tensorflow/tfjs-core";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, SCORE_OPTIONS, scores } from "./scores.ts";

/** `(C - 1 / (2 beta))^2 + (R + 1 / (2 beta))^2` */
export const sppoHard: PairObjective = pairObjective({
  name: "sppo_hard",
  paper: "Wu et al. 2024, Self-Play Preference Optimization (arXiv:2405.00675)",
  equation:
    "Eq. 4.7 with a win probability of 1 for chosen and 0 for rejected: " +
    "(C - 1 / (2 beta))^2 + (R + 1 / (2 beta))^2",
  options: { beta: BETA, ...SCORE_OPTIONS },
  losses: (logps, options) => {
    const { chosen, rejected } = scores(logps, options);
    const target = 1 / (2 * options.beta);
    return tf.add(tf.square(tf.sub(chosen, target)), tf.square(tf.add(rejected, target)));
  },
});
