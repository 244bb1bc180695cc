/** DPO for K ranked responses under the Plackett-Luce model; K = 2 is DPO. */

import type { Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { logAddExp, softplus } from "./numerics.ts";
import { type RankedObjective, rankedObjective } from "./objective.ts";
import { BETA } from "./scores.ts";

/** `sum_k log(sum_{j >= k} exp(s_j)) - s_k` with `s = beta log(pi/ref)`, best response first. */
export const plackettLuce: RankedObjective = rankedObjective({
  name: "plackett_luce",
  paper: "Rafailov et al. 2023, Direct Preference Optimization (arXiv:2305.18290), appendix A.3",
  equation: "Eq. 20: -sum_k log(exp(s_k) / sum_{j >= k} exp(s_j)), s = beta log(pi/ref)",
  options: { beta: BETA },
  losses: ({ policyLogps, referenceLogps }, { beta }) => {
    const [batch, count] = policyLogps.shape;
    const rewards = tf.mul(tf.sub(policyLogps, referenceLogps), beta);
    const rewardOf = (k: number): Tensor1D =>
      tf.reshape(tf.slice(rewards, [0, k], [batch, 1]), [batch]);
    // From the worst up: how far the log-sum-exp of what is left exceeds the reward of the next.
    // Each term is a softplus, precise also where it is far below the rewards it is made of.
    let total = tf.zeros([batch]) as Tensor1D;
    let rest = rewardOf(count - 1);
    for (let k = count - 2; k >= 0; k--) {
      const reward = rewardOf(k);
      total = tf.add(total, softplus(tf.sub(rest, reward)));
      rest = logAddExp(reward, rest);
    }
    return total;
  },
});
