/** Sequence likelihood calibration: a hinge loss on log-probabilities, without a reference. */

import type { Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { type PairObjective, pairObjective } from "./objective.ts";
import { number } from "./options.ts";
import { BETA, policyLogps } from "./scores.ts";

/**
 * `max(0, delta - log pi(chosen) + log pi(rejected)) - regularization log pi(chosen)`: the chosen
 * response is what the regularisation is towards. beta scales the rewards and nothing else.
 */
export const slic: PairObjective = pairObjective({
  name: "slic",
  paper: "Zhao et al. 2023, SLiC-HF (arXiv:2305.10425)",
  equation:
    "Section 2: max(0, delta - log pi(chosen) + log pi(rejected)) - regularization log pi(chosen)",
  reference: false,
  options: {
    beta: BETA,
    delta: number(1, { from: 0 }),
    regularization: number(0, { from: 0 }),
  },
  losses: (logps, { delta, regularization }) => {
    const { chosen, rejected } = policyLogps(logps);
    const ranking: Tensor1D = tf.relu(tf.sub(delta, tf.sub(chosen, rejected)));
    // 0 * infinity would be NaN.
    return regularization === 0 ? ranking : tf.sub(ranking, tf.mul(chosen, regularization));
  },
});
