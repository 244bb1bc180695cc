/** ORPO: the negative log-likelihood of chosen plus a penalty on the odds of rejected. */

import type { Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { logisticLoss } from "./logistic-loss.ts";
import { log1mexp } from "./numerics.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, perToken, policyLogps } from "./scores.ts";

/**
 * `-a - beta log sigmoid(logit(a) - logit(b))` with log-probabilities per token a (chosen) and b
 * (rejected) and `logit(a) = a - log(1 - exp(a))`. beta is the paper's lambda. The likelihood is
 * that of the completion; TRL counts the prompt in.
 */
export const orpo: PairObjective = pairObjective({
  name: "orpo",
  paper: "Hong et al. 2024, ORPO (arXiv:2403.07691)",
  equation:
    "Eq. 6 and 7: -log p(chosen) - beta log sigmoid(log(odds(chosen) / odds(rejected))), " +
    "p = pi^(1 / tokens), odds = p / (1 - p), beta being the paper's lambda",
  reference: false,
  options: { beta: BETA },
  synonyms: { lambda: "beta" },
  losses: (logps, { beta }) => {
    const { chosen, rejected } = perToken(policyLogps(logps), logps);
    const logit = (x: Tensor1D): Tensor1D => tf.sub(x, log1mexp(x));
    const penalty = logisticLoss(tf.sub(logit(chosen), logit(rejected)));
    return tf.sub(tf.mul(penalty, beta), chosen);
  },
});
