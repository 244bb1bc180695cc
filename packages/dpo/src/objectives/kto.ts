/** Kahneman-Tversky optimization: single responses, each desirable or not. */

import * as tf from "@tensorflow/tfjs-core";
import { sigmoid, stopGradient } from "./numerics.ts";
import { type UnpairedObjective, unpairedObjective } from "./objective.ts";
import { number } from "./options.ts";
import { BETA } from "./scores.ts";

/**
 * `w (1 - sigmoid(beta (c - kl)))` for desirable, `w (1 - sigmoid(beta (kl - c)))` for undesirable
 * responses, `c = log(pi/ref)`. The divergence is an estimate that the caller makes; below 0 it
 * counts as 0, and no gradient flows into it.
 */
export const kto: UnpairedObjective = unpairedObjective({
  name: "kto",
  paper: "Ethayarajh et al. 2024, KTO (arXiv:2402.01306)",
  equation:
    "Section 4: w sigmoid(-beta (c - kl)) if desirable, w sigmoid(beta (c - kl)) if not, " +
    "c = log(pi/ref), w = desirableWeight or undesirableWeight",
  options: {
    beta: BETA,
    desirableWeight: number(1, { from: 0 }),
    undesirableWeight: number(1, { from: 0 }),
  },
  losses: (batch, { beta, desirableWeight, undesirableWeight }) => {
    const desirable = tf.cast(batch.labels, "float32");
    const sign = tf.sub(1, tf.mul(desirable, 2));
    const weight = tf.add(
      tf.mul(desirable, desirableWeight - undesirableWeight),
      undesirableWeight,
    );
    const logRatio = tf.sub(batch.policyLogps, batch.referenceLogps);
    const gain = tf.sub(logRatio, stopGradient(tf.relu(batch.kl)));
    return tf.mul(weight, sigmoid(tf.mul(tf.mul(sign, gain), beta)));
  },
});
