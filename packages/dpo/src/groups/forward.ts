/** Log-probabilities of the completions of a batch of groups, with gradients, from either layout. */

import { branchBias, hiddenStates, logpsAt, type Predictor } from "@preflab/lm";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { GroupArrays } from "./layout.ts";

/** Tensors of {@link GroupArrays}; `R` rows of `T` tokens, `N = B K` completions of `C` tokens. */
export interface GroupBatch {
  /** `[R, T]` int32 */
  readonly ids: Tensor2D;
  /** `[R, T]` int32 */
  readonly positions: Tensor2D;
  /** `[R, T]` int32 */
  readonly branches: Tensor2D;
  /** `[N, C]` int32 */
  readonly predictors: Tensor2D;
  /** `[N, C]` int32 */
  readonly targets: Tensor2D;
  /** `[N, C]` */
  readonly mask: Tensor2D;
}

/** The tensors of a layout, which the caller disposes. */
export function groupBatch(arrays: GroupArrays): GroupBatch {
  const { rows, length, groups, completions, width } = arrays.shape;
  const tokens = (data: Int32Array) => tf.tensor2d(data, [rows, length], "int32");
  const places: [number, number] = [groups * completions, width];
  return {
    ids: tokens(arrays.ids),
    positions: tokens(arrays.positions),
    branches: tokens(arrays.branches),
    predictors: tf.tensor2d(arrays.predictors, places, "int32"),
    targets: tf.tensor2d(arrays.targets, places, "int32"),
    mask: tf.tensor2d(arrays.mask, places),
  };
}

/**
 * Log-probability of every completion token given its prompt and the tokens before it.
 * @returns `[N, C]` nats, 0 where the mask is 0
 */
export function completionLogps(policy: Predictor, batch: GroupBatch): Tensor2D {
  const { config, params, dropout } = policy;
  const { ids, positions, branches, predictors, targets, mask } = batch;
  const bias = branchBias(positions, branches, config.slidingWindow);
  const states = hiddenStates(config, params, ids, tf.onesLike(ids), {
    positions,
    attentionBias: bias,
    dropout,
  });
  const [flatPredictors, flatTargets] = [predictors, targets].map((x) =>
    tf.reshape(x, [x.size]),
  ) as [Tensor1D, Tensor1D];
  const logps = logpsAt({ config, params }, states, flatPredictors, flatTargets);
  return tf.mul(tf.reshape(logps, mask.shape), mask);
}
