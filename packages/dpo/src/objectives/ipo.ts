/** Identity preference optimization: a regression of the margin to a finite target. */

import * as tf from "@tensorflow/tfjs-core";
import { type PairObjective, pairObjective } from "./objective.ts";
import { choice } from "./options.ts";
import { BETA, perToken, SCORE_OPTIONS, scores } from "./scores.ts";

/**
 * `(h - 1 / (2 beta))^2`. Implementations differ in h, and the paper leaves it open: `sum` takes
 * log-probabilities of whole responses, as the DPO reference code does, `token` divides each
 * response's by its length, as TRL does. A beta for one is not a beta for the other.
 */
export const ipo: PairObjective = pairObjective({
  name: "ipo",
  paper: "Azar et al. 2023, A General Theoretical Paradigm (arXiv:2310.12036)",
  equation: "Eq. 17: (h - 1 / (2 beta))^2, beta being the paper's tau",
  options: {
    beta: BETA,
    average: choice<"token" | "sum">("token", ["token", "sum"]),
    ...SCORE_OPTIONS,
  },
  losses: (logps, options) => {
    const whole = scores(logps, options);
    const { chosen, rejected } = options.average === "token" ? perToken(whole, logps) : whole;
    return tf.square(tf.sub(tf.sub(chosen, rejected), 1 / (2 * options.beta)));
  },
});
