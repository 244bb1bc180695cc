/** The hinge loss on DPO's margin. */

import * as tf from "@tensorflow/tfjs-core";
import { type PairObjective, pairObjective } from "./objective.ts";
import { BETA, SCORE_OPTIONS, scoreMargin } from "./scores.ts";

/** `max(0, 1 - beta h)`; beta is the reciprocal of the margin. At the kink the gradient is 0. */
export const hinge: PairObjective = pairObjective({
  name: "hinge",
  paper:
    "Liu et al. 2023, Statistical Rejection Sampling (arXiv:2309.06657), after " +
    "Zhao et al. 2023, SLiC-HF (arXiv:2305.10425)",
  equation: "hinge-norm: max(0, 1 - beta h)",
  options: { beta: BETA, ...SCORE_OPTIONS },
  losses: (logps, options) => tf.relu(tf.sub(1, tf.mul(scoreMargin(logps, options), options.beta))),
});
