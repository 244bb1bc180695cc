/** Log-probabilities of the completions of a batch of groups, with gradients, from either layout. */

import { branchBias, hiddenStatesAt, logCollisionsAt, logpsAt, type Predictor } from "@preflab/lm";
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

/** Numbers per completion token, `[N, C]`, 0 where the mask is 0. */
export interface CompletionScores {
  /** Log-probability given the prompt and the tokens before it, nats. */
  readonly logps: Tensor2D;
  /** `log sum_v p_v^2` of the distribution it is drawn from, nats; no gradient flows through. */
  readonly collisions: Tensor2D | null;
}

/** Log-probabilities of all completion tokens, see {@link completionScores}. `[N, C]` nats */
export function completionLogps(
  model: Pick<Predictor, "config" | "params">,
  batch: GroupBatch,
): Tensor2D {
  return completionScores(model, batch, false).logps;
}

/** Scores of all completion tokens. @param withCollisions whether those are asked for */
export function completionScores(
  model: Pick<Predictor, "config" | "params">,
  batch: GroupBatch,
  withCollisions: boolean,
): CompletionScores {
  const { config, params } = model;
  const { ids, positions, branches, mask } = batch;
  const flat = (x: Tensor2D): Tensor1D => tf.reshape(x, [x.size]);
  const masked = (x: Tensor1D): Tensor2D => tf.mul(tf.reshape(x, mask.shape), mask);
  const attentionBias = branchBias(positions, branches, config.slidingWindow);
  const states = hiddenStatesAt(config, params, ids, tf.onesLike(ids), flat(batch.predictors), {
    positions,
    attentionBias,
  });
  return {
    logps: masked(logpsAt(model, states, flat(batch.targets))),
    collisions: withCollisions ? masked(logCollisionsAt(model, states)) : null,
  };
}
