/** Anchored preference optimization for policies better than the chosen responses. */

import * as tf from "@tensorflow/tfjs-core";
import { sigmoid } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, logRatios, RATIO_OPTIONS } from "./scores.ts";

/** `sigmoid(beta c) + 1 - sigmoid(beta (c - r))`: both down, rejected more. */
export const apoDown: PairObjective = pairObjective({
  name: "apo_down",
  paper: "D'Oosterlinck et al. 2024, Anchored Preference Optimization (arXiv:2408.06266)",
  equation:
    "Eq. 8: sigmoid(beta c) + sigmoid(-beta (c - r)), c and r = log(pi/ref) of chosen and rejected",
  options: { beta: BETA, ...RATIO_OPTIONS },
  losses: (logps, options) => {
    const { chosen, rejected } = logRatios(logps, options);
    return tf.add(
      sigmoid(tf.mul(chosen, options.beta)),
      sigmoid(tf.mul(tf.sub(chosen, rejected), -options.beta)),
    );
  },
});
