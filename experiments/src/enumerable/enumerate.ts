/** The exact policy of a model: log-probabilities of all completions, from one forward pass. */

import { hiddenStates, logits, type Predictor } from "@preflab/lm";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { logSumExp, type PerString } from "./exact.ts";
import { END, firstOfLength, LETTERS, LONGEST, STRINGS, VOCABULARY, wordOf } from "./strings.ts";

/** A model, its parameters as they are now. */
export type Model = Pick<Predictor, "config" | "params">;

/** Letters before the last token of the longest completions. */
const DEPTH = LONGEST - 1;

/**
 * Log-probabilities of all completions of each prompt, nats. The model computes in float32; its
 * distributions are normalised and multiplied in float64, so that they sum to 1.
 * @param temperature logits are divided by it
 */
export async function enumerated(
  { config, params }: Model,
  prompts: readonly (readonly number[])[],
  temperature = 1,
): Promise<PerString> {
  const forward = jit(
    (ids: tf.Tensor2D) => {
      const states = hiddenStates(config, params, ids, tf.onesLike(ids));
      return logits(config, params, tf.reshape(states, [-1, config.width]));
    },
    { name: "enumerated" },
  );
  try {
    const result: Float64Array[] = [];
    for (const prompt of prompts) {
      // Every prefix is the beginning of some word of all letters but one.
      const texts = Array.from({ length: LETTERS ** DEPTH }, (_, i) => {
        return [...prompt, ...wordOf(DEPTH, i)];
      });
      const ids = tf.tensor2d(texts, undefined, "int32");
      const scores = await forward.async(ids);
      const data = await scores.data<"float32">();
      tf.dispose([ids, scores]);
      result.push(stringLogps(data, prompt.length, temperature));
    }
    return result;
  } finally {
    forward.dispose();
  }
}

/** @param scores `[4^5, prompt + 5, V]` row-major: logits at every token of every text */
function stringLogps(
  scores: Float32Array,
  promptLength: number,
  temperature: number,
): Float64Array {
  const result = new Float64Array(STRINGS.length);
  const length = promptLength + DEPTH;
  for (let letters = 0; letters < LONGEST; letters++) {
    for (let index = 0; index < LETTERS ** letters; index++) {
      const word = firstOfLength(letters) + index;
      // Holds the log-probability of the letters until that of the end is added.
      const before = result[word] as number;
      const text = index * LETTERS ** (DEPTH - letters);
      const at = (text * length + promptLength - 1 + letters) * VOCABULARY;
      const row = Float64Array.from(scores.subarray(at, at + VOCABULARY), (x) => x / temperature);
      const total = logSumExp(row);
      const logpOf = (id: number) => before + (row[id] as number) - total;
      result[word] = logpOf(END);
      const next = firstOfLength(letters + 1) + index * LETTERS;
      for (let letter = 1; letter <= LETTERS; letter++) result[next + letter - 1] = logpOf(letter);
    }
  }
  return result;
}
