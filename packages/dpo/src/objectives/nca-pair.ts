/** Noise contrastive alignment on pairs: both absolute likelihoods count, not only the margin. */

import * as tf from "@tensorflow/tfjs-core";
import { softplus } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, SCORE_OPTIONS, scores } from "./scores.ts";

/** `-log sigmoid(beta C) - log sigmoid(-beta C) / 2 - log sigmoid(-beta R) / 2` */
export const ncaPair: PairObjective = pairObjective({
  name: "nca_pair",
  paper: "Chen et al. 2024, Noise Contrastive Alignment (arXiv:2402.05369)",
  equation:
    "Section 4.1: -log sigmoid(beta C) - (log sigmoid(-beta C) + log sigmoid(-beta R)) / 2, " +
    "C and R being the scores of chosen and rejected",
  options: { beta: BETA, ...SCORE_OPTIONS },
  losses: (logps, options) => {
    const { chosen, rejected } = scores(logps, options);
    const [c, r] = [tf.mul(chosen, options.beta), tf.mul(rejected, options.beta)];
    const noise = tf.div(tf.add(softplus(c), softplus(r)), 2);
    return tf.add(softplus(tf.neg(c)), noise);
  },
});
