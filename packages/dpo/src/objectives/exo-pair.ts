/** Efficient exact optimization on pairs: the reverse KL between preferences, not the forward one. */

import * as tf from "@tensorflow/tfjs-core";
import { coinDivergence } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { number } from "./options.ts";
import { BETA, SCORE_OPTIONS, scoreMargin } from "./scores.ts";

/** `KL(sigmoid(beta h) || 1 - e)` of two coins, e the label smoothing, which must not be 0. */
export const exoPair: PairObjective = pairObjective({
  name: "exo_pair",
  paper: "Ji et al. 2024, Towards Efficient Exact Optimization (arXiv:2402.00856)",
  equation:
    "Eq. 16: q log(q / (1 - e)) + (1 - q) log((1 - q) / e), q = sigmoid(beta h), " +
    "e = labelSmoothing > 0",
  options: { beta: BETA, labelSmoothing: number(1e-3, { above: 0, below: 0.5 }), ...SCORE_OPTIONS },
  losses: (logps, options) =>
    coinDivergence(tf.mul(scoreMargin(logps, options), options.beta), options.labelSmoothing),
});
