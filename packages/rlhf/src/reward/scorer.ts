/** Scores many texts with one compiled program per padded length, and few for what is left over. */

import { BATCH_PROGRAMS, batchesByLength, padBatch, paddedLength, toTensors } from "@preflab/lm";
import { jit } from "@preflab/tfjs-backend-ort";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** How texts become batches. */
export interface ScorerOptions {
  /** Texts computed together. */
  readonly batchSize: number;
  /** Tokens; longer texts are an error. */
  readonly maxLength: number;
}

/** Scores texts. */
export interface Scorer {
  /**
   * @param texts token ids
   * @param signal looked at before every batch; once aborted, its reason is thrown
   * @returns one number per text
   */
  score(texts: readonly ArrayLike<number>[], signal?: AbortSignal): Promise<Float64Array>;
  /** Frees the compiled programs. */
  dispose(): void;
}

/**
 * A scorer from a function of padded batches: `[B, T]` ids and mask to `[B]` numbers. What that reads
 * besides, such as parameters, may change between calls.
 */
export function scorer(
  compute: (ids: Tensor2D, attentionMask: Tensor2D) => Tensor1D,
  { batchSize, maxLength }: ScorerOptions,
): Scorer {
  const program = jit(compute, { ...BATCH_PROGRAMS, name: "scorer" });
  const score = async (texts: readonly ArrayLike<number>[], signal?: AbortSignal) => {
    const result = new Float64Array(texts.length);
    if (texts.length === 0) return result;
    checkTexts(texts, maxLength);
    const lengths = texts.map(({ length }) => length);
    for (const indices of batchesByLength(lengths, batchSize)) {
      signal?.throwIfAborted();
      const rows = indices.map((i) => ({ ids: texts[i] as ArrayLike<number> }));
      const longest = Math.max(...rows.map(({ ids }) => ids.length));
      const size = paddedRows(rows.length, batchSize);
      const batch = toTensors(padBatch(rows, size, paddedLength(longest, maxLength), 0));
      const scores = await program.async(batch.ids, batch.attentionMask);
      const values = await scores.data<"float32">();
      tf.dispose([scores, Object.values(batch)]);
      indices.forEach((text, row) => {
        result[text] = values[row] as number;
      });
    }
    return result;
  };
  return { score, dispose: () => program.dispose() };
}

/** Rows that a batch is padded to: a power of 2, so that few programs are compiled, or all of them. */
function paddedRows(texts: number, batchSize: number): number {
  return Math.min(batchSize, 2 ** Math.ceil(Math.log2(texts)));
}

function checkTexts(texts: readonly ArrayLike<number>[], maxLength: number): void {
  const wrong = texts.findIndex(({ length }) => length === 0 || length > maxLength);
  if (wrong < 0) return;
  throw new Error(
    `scorer: expected texts of 1 to ${maxLength} tokens, got ${texts[wrong]?.length} in text ` +
      `${wrong}. Shorten texts, or raise maxLength.`,
  );
}
