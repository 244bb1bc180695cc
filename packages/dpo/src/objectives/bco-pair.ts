/** Binary classifier optimization on pairs: chosen against 1, rejected against 0. */

import * as tf from "@tensorflow/tfjs-core";
import { softplus } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, SCORE_OPTIONS, scores } from "./scores.ts";

/**
 * `-log sigmoid(beta C) - log sigmoid(-beta R)`. The paper shifts both rewards by a running mean;
 * as in TRL from 0.29 on, there is none here.
 */
export const bcoPair: PairObjective = pairObjective({
  name: "bco_pair",
  paper: "Jung et al. 2024, Binary Classifier Optimization (arXiv:2404.04656)",
  equation: "Section 4, without reward shift: -log sigmoid(beta C) - log sigmoid(-beta R)",
  options: { beta: BETA, ...SCORE_OPTIONS },
  losses: (logps, options) => {
    const { chosen, rejected } = scores(logps, options);
    return tf.add(
      softplus(tf.mul(chosen, -options.beta)),
      softplus(tf.mul(rejected, options.beta)),
    );
  },
});
