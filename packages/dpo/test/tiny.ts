/** Tiny models and groups for tests that need no golden numbers. */

import { initialParameters, type ModelConfig, type Params, RandomStream } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import type { Group } from "../src/groups/group.ts";

/** Grouped heads, partial rotation, gated MLP. */
export const ROTARY: ModelConfig = {
  family: "llama",
  vocabSize: 29,
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
  position: { kind: "rotary", base: 100, rotaryWidth: 2, scaling: null },
  slidingWindow: null,
  biases: { qkv: false, attentionOut: false, mlp: false },
  qkNorm: false,
  tiedEmbeddings: false,
  scores: { scaleByInverseLayer: false },
  specialIds: { bos: null, eos: 1, pad: null },
};

/** Learned positions, tied embeddings. */
export const LEARNED: ModelConfig = {
  ...ROTARY,
  position: { kind: "learned" },
  tiedEmbeddings: true,
};

/** Sees five tokens back. */
export const WINDOWED: ModelConfig = { ...ROTARY, slidingWindow: 5 };

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

/** Random groups; completions end with the token 1. */
export function randomGroups(count: number, completions: number, seed = 7): Group[] {
  const random = new RandomStream(seed, "groups");
  const integer = (low: number, high: number) =>
    low + Math.floor(random.uniform() * (high - low + 1));
  const ids = (length: number) => Array.from({ length }, () => integer(2, 28));
  return Array.from({ length: count }, () => ({
    promptIds: ids(integer(1, 9)),
    completions: Array.from({ length: completions }, () => [...ids(integer(0, 8)), 1]),
  }));
}
