/** Sampled completions as tensors. */

import { paddedLength, padRows } from "@preflab/lm";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { TokenNumbers } from "../token-numbers.ts";

/** A prompt and a completion that the policy has sampled for it. */
export interface Rollout {
  /** At least one id: what predicts the first token of the completion. */
  readonly promptIds: ArrayLike<number>;
  /** At least one id. */
  readonly completionIds: ArrayLike<number>;
}

/** Tensors of B rollouts: texts of up to T tokens, completions of up to C. */
export interface RolloutTensors {
  /** `[B, T]` int32, padded on the right. */
  readonly ids: Tensor2D;
  /** `[B, T]` int32 */
  readonly attentionMask: Tensor2D;
  /** `[B, C]` int32, places among `[B * T]` of the tokens that predict those of the completion. */
  readonly places: Tensor2D;
  /** `[B, C]` int32, the completion's tokens. */
  readonly targets: Tensor2D;
  /** `[B, C]`, 1 for tokens of the completion. */
  readonly mask: Tensor2D;
}

/** Tokens of a rollout. */
export function rolloutLength({ promptIds, completionIds }: Rollout): number {
  return promptIds.length + completionIds.length;
}

/**
 * The tensors of rollouts, which the caller disposes.
 * @param maxLength most tokens of a text
 * @throws Error for texts that are too long, and for prompts and completions without tokens
 */
export function rolloutTensors(rollouts: readonly Rollout[], maxLength: number): RolloutTensors {
  checkRollouts(rollouts, maxLength);
  const texts = rollouts.map(({ promptIds, completionIds }) => [
    ...Array.from(promptIds),
    ...Array.from(completionIds),
  ]);
  const length = paddedLength(Math.max(...texts.map((text) => text.length)), maxLength);
  const width = completionWidth(rollouts, maxLength);
  const { ids, mask } = padRows(texts, { side: "right", fillId: 0, length });
  const completions = padRows(
    rollouts.map(({ completionIds }) => completionIds),
    { side: "right", fillId: 0, length: width },
  );
  const places = rollouts.map(({ promptIds, completionIds }, row) =>
    Array.from(completionIds, (_, t) => row * length + promptIds.length - 1 + t),
  );
  const predictors = padRows(places, { side: "right", fillId: 0, length: width });
  const matrix = (data: Int32Array, columns: number): Tensor2D =>
    tf.tensor2d(data, [rollouts.length, columns], "int32");
  return {
    ids: matrix(ids, length),
    attentionMask: matrix(mask, length),
    places: matrix(predictors.ids, width),
    targets: matrix(completions.ids, width),
    mask: tf.tensor2d(Float32Array.from(completions.mask), [rollouts.length, width]),
  };
}

/** Numbers per completion token as `[B, C]`, 0 at padding; the caller disposes it. */
export function tokenTensor(rows: TokenNumbers, width: number): Tensor2D {
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    data.set(row, i * width);
  });
  return tf.tensor2d(data, [rows.length, width]);
}

/** The inverse of {@link tokenTensor}. @param data `[B, C]` row-major */
export function tokenNumbers(data: Float32Array, lengths: readonly number[]): Float64Array[] {
  const width = data.length / lengths.length;
  return lengths.map((length, row) =>
    Float64Array.from(data.subarray(row * width, row * width + length)),
  );
}

/** C: what completions are padded to. */
export function completionWidth(rollouts: readonly Rollout[], maxLength: number): number {
  const longest = Math.max(...rollouts.map(({ completionIds }) => completionIds.length));
  return paddedLength(longest, maxLength);
}

function checkRollouts(rollouts: readonly Rollout[], maxLength: number): void {
  const wrong = rollouts.findIndex((rollout) => {
    const { promptIds, completionIds } = rollout;
    const isEmpty = promptIds.length === 0 || completionIds.length === 0;
    return isEmpty || rolloutLength(rollout) > maxLength;
  });
  const rollout = rollouts[wrong];
  if (!rollout) return;
  throw new Error(
    `rollouts: expected a prompt and a completion of at least 1 and together at most ${maxLength} ` +
      `tokens, got ${rollout.promptIds.length} and ${rollout.completionIds.length} in rollout ` +
      `${wrong}. Drop empty texts, cut prompts, or raise maxLength.`,
  );
}
