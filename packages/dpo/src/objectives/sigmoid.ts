/** Direct Preference Optimization, and with label smoothing its conservative form, cDPO. */

import * as tf from "@tensorflow/tfjs-core";
import { logisticLoss } from "./logistic-loss.ts";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, LABEL_SMOOTHING, SCORE_OPTIONS, scoreMargin } from "./scores.ts";

/** `-(1 - e) log sigmoid(beta h) - e log sigmoid(-beta h)` */
export const sigmoid: PairObjective = pairObjective({
  name: "sigmoid",
  paper:
    "Rafailov et al. 2023, Direct Preference Optimization (arXiv:2305.18290); label smoothing: " +
    "Mitchell 2023, A note on DPO with noisy preferences (ericmitchell.ai/cdpo.pdf); divergences: " +
    "Wang et al. 2023, Beyond Reverse KL (arXiv:2309.16240)",
  equation:
    "Eq. 7: -log sigmoid(beta h), h = log(pi/ref)(chosen) - log(pi/ref)(rejected); " +
    "cDPO Eq. 3: -(1 - e) log sigmoid(beta h) - e log sigmoid(-beta h), e = labelSmoothing",
  options: { beta: BETA, labelSmoothing: LABEL_SMOOTHING, ...SCORE_OPTIONS },
  losses: (logps, options) =>
    logisticLoss(tf.mul(scoreMargin(logps, options), options.beta), options.labelSmoothing),
});
