/**
 * Log-probabilities of completions under the reference policy: computed once for all examples, or
 * for each batch as it comes. ../io/reference-cache.ts keeps the former on disk.
 */

import { BATCH_PROGRAMS, batchesByLength, type ModelConfig, type Params } from "@preflab/lm";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { completionLogps, type GroupBatch, groupBatch } from "../groups/forward.ts";
import { completionsPerGroup, type Group, longestText } from "../groups/group.ts";
import { type LayoutOptions, layOut } from "../groups/layout.ts";
import { type Reduction, reduceLogps } from "../groups/reduction.ts";

/** A frozen model. */
export interface ReferenceModel {
  readonly config: ModelConfig;
  readonly params: Params;
}

/** How log-probabilities are computed. */
export interface ReferenceOptions extends LayoutOptions {
  /** Groups computed together. */
  readonly batchSize: number;
  readonly reduction: Reduction;
}

/** Reference log-probabilities of batches in training. */
export interface ReferenceSource {
  /**
   * @param indices examples of the batch
   * @param batch their tensors
   * @returns `[B * K]` nats, which the caller disposes
   */
  logps(indices: readonly number[], batch: GroupBatch): Promise<tf.Tensor1D>;
  dispose(): void;
}

/**
 * Log-probabilities of all completions under the reference. The model is not needed afterwards.
 * @param onProgress told how many examples are done
 * @returns `[examples * K]` nats, row-major
 */
export async function referenceLogps(
  model: ReferenceModel,
  groups: readonly Group[],
  options: ReferenceOptions,
  onProgress: (done: number) => void = () => {},
): Promise<Float32Array> {
  const count = completionsPerGroup(groups);
  const result = new Float32Array(groups.length * count);
  const live = liveReference(model, options.reduction, count);
  // Examples of similar length together, whatever the order of training.
  const batches = batchesByLength(groups.map(longestText), options.batchSize);
  try {
    let done = 0;
    for (const indices of batches) {
      const batch = groupBatch(
        layOut(
          indices.map((i) => groups[i] as Group),
          options,
        ),
      );
      const logps = await live.logps(indices, batch);
      const values = await logps.data<"float32">();
      tf.dispose([logps, Object.values(batch)]);
      indices.forEach((example, row) => {
        result.set(values.subarray(row * count, (row + 1) * count), example * count);
      });
      done += indices.length;
      onProgress(done);
    }
  } finally {
    live.dispose();
  }
  return result;
}

/** Known log-probabilities, as {@link referenceLogps} gives them. */
export function knownReference(logps: Float32Array, completions: number): ReferenceSource {
  return {
    logps: async (indices) => {
      const rows = indices.map((i) => logps.subarray(i * completions, (i + 1) * completions));
      return tf.tensor1d(Float32Array.from(rows.flatMap((row) => Array.from(row))));
    },
    dispose: () => {},
  };
}

/** Zeros, for objectives that use no reference. */
export function noReference(completions: number): ReferenceSource {
  return {
    logps: async (indices) => tf.zeros([indices.length * completions]),
    dispose: () => {},
  };
}

/** Log-probabilities computed for each batch, so that the model may change between batches. */
export function liveReference(
  { config, params }: ReferenceModel,
  reduction: Reduction,
  completions: number,
): ReferenceSource {
  const forward = jit(
    (batch: GroupBatch) =>
      reduceLogps(completionLogps({ config, params }, batch), batch.mask, reduction, completions),
    { ...BATCH_PROGRAMS, name: "referenceLogps" },
  );
  return {
    logps: (_, batch) => forward.async(batch),
    dispose: () => forward.dispose(),
  };
}
