/** The settings of a call as the compiled step takes them. How a token is drawn is in ./draw.ts. */

import * as tf from "@tensorflow/tfjs-core";
import type { Choice } from "./draw.ts";
import { EXCLUDED } from "./filters.ts";
import type { ResolvedOptions } from "./options.ts";

/**
 * Likeliest tokens that top-p looks at first. Sorting them takes a tenth of the time that sorting
 * 50,000 takes, and they nearly always hold the probability that is asked for.
 */
const NUCLEUS = 1024;

/** Owns the tensors of a call's settings. */
export class Sampler {
  readonly isGreedy: boolean;
  /** Whether a step needs the tokens so far. */
  readonly readsHistory: boolean;
  readonly #vocabulary: number;
  #choice: Choice;

  /** @param vocabulary V */
  constructor(options: ResolvedOptions, vocabulary: number) {
    const scalar = (value: number | null) => (value === null ? null : tf.scalar(value));
    this.isGreedy = options.temperature === null;
    this.readsHistory = options.repetitionPenalty !== null;
    this.#vocabulary = vocabulary;
    this.#choice = {
      temperature: options.temperature === 1 ? 1 : scalar(options.temperature),
      topK: options.topK,
      topP: scalar(options.topP),
      nucleus: Math.min(NUCLEUS, vocabulary),
      minP: scalar(options.minP),
      penalty: scalar(options.repetitionPenalty),
      banned: bannedBias(options, vocabulary),
    };
  }

  /** For the next step. */
  get choice(): Choice {
    return this.#choice;
  }

  /** Lets all later steps look at every token: a step found too little among the likeliest. */
  lookFurther(): void {
    this.#choice = { ...this.#choice, nucleus: this.#vocabulary };
  }

  /** Frees the tensors. */
  dispose(): void {
    const { temperature, topP, minP, penalty, banned } = this.#choice;
    const scalars = [temperature === 1 ? null : temperature, topP, minP, penalty];
    tf.dispose([...scalars, banned].filter((tensor) => tensor !== null));
  }
}

/** What is added to logits so that banned tokens are never drawn, `[V]`; null where none is. */
function bannedBias(
  { vocabLimit, bannedIds }: ResolvedOptions,
  vocabulary: number,
): tf.Tensor1D | null {
  if (vocabLimit >= vocabulary && bannedIds.size === 0) return null;
  const bias = new Float32Array(vocabulary).fill(EXCLUDED, vocabLimit);
  for (const id of bannedIds) bias[id] = EXCLUDED;
  return tf.tensor1d(bias);
}
