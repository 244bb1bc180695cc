/** Tiny models and pairs for tests that need no golden numbers. */

import type { TokenizedPair } from "@preflab/data";
import { initialParameters, type ModelConfig, type Params, RandomStream } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";

/** A language model with rotary positions, an untied head, the end token 1. */
export const ROTARY: ModelConfig = {
  family: "llama",
  vocabSize: 23,
  width: 16,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headWidth: 4,
  mlpWidth: 20,
  maxPositions: 64,
  norm: { kind: "rms", eps: 1e-5 },
  residual: "sequential",
  sharedNorm: false,
  mlp: { kind: "gated", activation: "silu" },
  position: { kind: "rotary", base: 100, rotaryWidth: 4, scaling: null },
  slidingWindow: null,
  biases: { qkv: false, attentionOut: false, mlp: false },
  qkNorm: false,
  tiedEmbeddings: false,
  scores: { scaleByInverseLayer: false },
  specialIds: { bos: null, eos: 1, pad: 0 },
};

/** The same as a reward model. */
export const SCORING: ModelConfig = { ...ROTARY, labels: 1 };

/** Weights large enough that every part matters. The caller disposes them. */
export function tinyParameters(config: ModelConfig, seed = 1): Params {
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(initialParameters(config, seed)).map(([name, tensor]) => [
        name,
        name.endsWith(".gain") ? tensor : tf.mul(tensor, 15),
      ]),
    ),
  );
}

/** Pairs of texts that end with token 1; the chosen one has more tokens above 12. */
export function tinyPairs(count: number, seed = 7): TokenizedPair[] {
  const random = new RandomStream(seed, "pairs");
  const integer = (low: number, high: number) =>
    low + Math.floor(random.uniform() * (high - low + 1));
  const completion = () => [...Array.from({ length: integer(2, 8) }, () => integer(2, 22)), 1];
  const value = (ids: readonly number[]) => ids.filter((id) => id > 12).length / ids.length;
  return Array.from({ length: count }, () => {
    const promptIds = Array.from({ length: integer(1, 5) }, () => integer(2, 22));
    let [chosenIds, rejectedIds] = [completion(), completion()];
    while (value(chosenIds) === value(rejectedIds)) rejectedIds = completion();
    if (value(chosenIds) < value(rejectedIds)) {
      [chosenIds, rejectedIds] = [rejectedIds, chosenIds];
    }
    return { promptIds, chosenIds, rejectedIds };
  });
}
