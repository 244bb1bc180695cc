/** The baseline of the DPO paper that raises one likelihood and lowers the other without weights. */

import * as tf from "@tensorflow/tfjs-core";
import { type PairObjective, pairObjective } from "./objective.ts";
import { number } from "./options.ts";
import { policyLogps } from "./scores.ts";

/** `-log pi(chosen) + alpha log pi(rejected)`; there is no beta, and no lower bound. */
export const unlikelihood: PairObjective = pairObjective({
  name: "unlikelihood",
  paper:
    "Rafailov et al. 2023, Direct Preference Optimization (arXiv:2305.18290), section 6, after " +
    "Welleck et al. 2019 (arXiv:1908.04319)",
  equation: "-(log pi(chosen) - alpha log pi(rejected)), alpha in [0, 1]",
  reference: false,
  options: { alpha: number(1, { from: 0, to: 1 }) },
  losses: (logps, { alpha }) => {
    const { chosen, rejected } = policyLogps(logps);
    // 0 * infinity would be NaN.
    return alpha === 0 ? tf.neg(chosen) : tf.sub(tf.mul(rejected, alpha), chosen);
  },
});
