/** The loss of a reward model on preferences. */

import type { Scalar, Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * `-log sigmoid(r_w - r_l - margin)` per pair: Bradley and Terry 1952, as in Eq. 2 of Rafailov et
 * al. 2023 (arXiv:2305.18290); margins as in Eq. 2 of Touvron et al. 2023, Llama 2
 * (arXiv:2307.09288). All `[B]`.
 */
export function rewardLosses(chosen: Tensor1D, rejected: Tensor1D, margins: Tensor1D): Tensor1D {
  return tf.softplus(tf.sub(tf.add(rejected, margins), chosen));
}

/**
 * Mean of `(r_w + r_l)^2`, which keeps rewards around 0 without touching their differences; Eisenstein
 * et al. 2023 (arXiv:2312.09244), section 3.
 */
export function centering(chosen: Tensor1D, rejected: Tensor1D): Scalar {
  return tf.mean(tf.square(tf.add(chosen, rejected)));
}
