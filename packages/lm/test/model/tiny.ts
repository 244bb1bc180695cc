/** A tiny model and a batch for tests that need no golden numbers. */

import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../../src/config.ts";
import { initialParameters } from "../../src/params.ts";
import { RandomStream } from "../../src/rng.ts";
import type { Params } from "../../src/types.ts";

/** Grouped heads, partial rotation, gated MLP. */
export const TINY: ModelConfig = {
  family: "llama",
  vocabSize: 23,
  width: 12,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headWidth: 4,
  mlpWidth: 10,
  maxPositions: 16,
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
  specialIds: { bos: null, eos: null, pad: null },
};

/** The same with learned positions. */
export const LEARNED: ModelConfig = { ...TINY, position: { kind: "learned" } };

/** Weights large enough that every part matters. The caller disposes them. */
export function tinyParameters(config: ModelConfig, seed = 1): Params {
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(initialParameters(config, seed)).map(([name, tensor]) => [
        name,
        name.endsWith(".gain") ? tensor : tf.mul(tensor, 20),
      ]),
    ),
  );
}

/** Ids and a mask with `left` and `right` zeros around `ids`. */
export function padded(
  ids: readonly number[],
  left: number,
  right: number,
): { readonly ids: tf.Tensor2D; readonly attentionMask: tf.Tensor2D } {
  const around = (values: readonly number[]) => [
    ...Array<number>(left).fill(0),
    ...values,
    ...Array<number>(right).fill(0),
  ];
  return {
    ids: tf.tensor2d([around(ids)], undefined, "int32"),
    attentionMask: tf.tensor2d([around(ids.map(() => 1))], undefined, "int32"),
  };
}

/** `count` ids below `vocabSize`. */
export function randomIds(count: number, vocabSize: number, seed = 0): number[] {
  const stream = new RandomStream(seed, "ids");
  return Array.from({ length: count }, () => stream.uint32() % vocabSize);
}
