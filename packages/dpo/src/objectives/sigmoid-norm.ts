/** DPO on log-ratios per token, so that long responses count no more than short ones. */

import * as tf from "@tensorflow/tfjs-core";
import { logisticLoss } from "./logistic-loss.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, perToken, SCORE_OPTIONS, scores } from "./scores.ts";

/** `-log sigmoid(beta (C / |chosen| - R / |rejected|))` */
export const sigmoidNorm: PairObjective = pairObjective({
  name: "sigmoid_norm",
  paper: "Lambert et al. 2024, Tulu 3 (arXiv:2411.15124)",
  equation: "length-normalized DPO: -log sigmoid(beta (C / |chosen| - R / |rejected|))",
  options: { beta: BETA, ...SCORE_OPTIONS },
  losses: (logps, options) => {
    const { chosen, rejected } = perToken(scores(logps, options), logps);
    return logisticLoss(tf.mul(tf.sub(chosen, rejected), options.beta));
  },
});
