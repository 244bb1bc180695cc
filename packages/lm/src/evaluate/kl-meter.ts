/**
 * How far a policy is from a reference on texts that it has sampled itself: the one place where this
 * is measured, so that all methods are measured alike. Exact per token, over the whole vocabulary,
 * beside the estimates that need the sampled tokens alone.
 */

import { jit } from "@preflab/tfjs-backend-ort";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { type Predictor, scoreTokens, sequenceLogps, tokenLogps } from "../logps.ts";
import { batchesByLength } from "../train/order.ts";
import { padBatch, paddedLength, type TokenRow, toTensors } from "../train/rows.ts";
import { hiddenStates } from "../transformer.ts";
import type { TokenBatch } from "../types.ts";

/** Numbers per text, each summed over its completion's tokens, nats. */
export interface SequenceKl {
  /** KL(policy || reference) of every token's distribution; its mean is the sequence KL. */
  readonly exact: Float32Array;
  /** `log policy - log reference` of the tokens: unbiased, of either sign. */
  readonly k1: Float32Array;
  /** Half the square of that: biased. */
  readonly k2: Float32Array;
  /** `r - 1 - log r`, `r = reference / policy`: unbiased per token, never negative. */
  readonly k3: Float32Array;
  /** Entropy of the policy's distributions. */
  readonly entropy: Float32Array;
  /** Completion tokens. */
  readonly tokens: Float32Array;
}

/** Measures texts. */
export interface KlMeter {
  /**
   * Texts sampled from the policy at temperature 1, completions marked.
   * @param options texts computed together, and the most tokens of one
   */
  measure(
    rows: readonly TokenRow[],
    options: { readonly batchSize: number; readonly maxLength: number },
  ): Promise<SequenceKl>;
  /** Frees the compiled programs. */
  dispose(): void;
}

const NAMES = ["exact", "k1", "k2", "k3", "entropy", "tokens"] as const;

/** A meter of two models with the same tokenizer; their parameters are read at every use. */
export function klMeter(policy: () => Predictor, reference: () => Predictor): KlMeter {
  const sums = jit((batch: TokenBatch) => batchSums(policy(), reference(), batch), {
    name: "klMeter",
  });
  const measure: KlMeter["measure"] = async (rows, { batchSize, maxLength }) => {
    const result = Object.fromEntries(
      NAMES.map((name) => [name, new Float32Array(rows.length)]),
    ) as unknown as Record<(typeof NAMES)[number], Float32Array>;
    if (rows.length === 0) return result;
    const lengths = rows.map(({ ids }) => ids.length);
    for (const indices of batchesByLength(lengths, batchSize)) {
      const longest = Math.max(...indices.map((i) => lengths[i] as number));
      const chosen = indices.map((i) => rows[i] as TokenRow);
      const batch = toTensors(padBatch(chosen, batchSize, paddedLength(longest, maxLength), 0));
      const numbers = await sums.async(batch);
      for (const name of NAMES) {
        const values = await numbers[name].data<"float32">();
        indices.forEach((row, i) => {
          result[name][row] = values[i] as number;
        });
      }
      tf.dispose([Object.values(batch), Object.values(numbers)]);
    }
    return result;
  };
  return { measure, dispose: () => sums.dispose() };
}

/** Mean of numbers and its standard error, `s / sqrt(n)` with the sample deviation. */
export function meanAndError(numbers: ArrayLike<number>): {
  readonly mean: number;
  readonly error: number;
} {
  const values = Array.from(numbers);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

function batchSums(
  policy: Predictor,
  reference: Predictor,
  batch: TokenBatch,
): Record<(typeof NAMES)[number], Tensor1D> {
  const withStates = (model: Predictor): Predictor => ({
    ...model,
    hidden: hiddenStates(model.config, model.params, batch.ids, batch.attentionMask),
  });
  const [own, other] = [withStates(policy), withStates(reference)];
  const { logps, entropy, kl } = scoreTokens(own, batch, other);
  const excess: Tensor2D = tf.sub(logps, tokenLogps(other, batch));
  const total = (numbers: Tensor2D) => sequenceLogps(numbers, batch.completionMask);
  return {
    exact: total(kl as Tensor2D),
    k1: total(excess),
    k2: total(tf.mul(tf.square(excess), 0.5)),
    k3: total(tf.add(tf.expm1(tf.neg(excess)), excess)),
    entropy: total(entropy),
    tokens: total(tf.onesLike(logps)),
  };
}
