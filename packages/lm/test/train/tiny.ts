/** A tiny model and rows to train it on. */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../../src/config.ts";
import { initialParameters, trainableParameters } from "../../src/params.ts";
import { RandomStream } from "../../src/rng.ts";
import { fullPolicy, type TrainablePolicy } from "../../src/train/policy.ts";
import { completionRow, type TokenRow } from "../../src/train/rows.ts";

export const TINY: ModelConfig = {
  family: "llama",
  vocabSize: 31,
  width: 16,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headWidth: 4,
  mlpWidth: 24,
  maxPositions: 64,
  norm: { kind: "rms", eps: 1e-5 },
  residual: "sequential",
  sharedNorm: false,
  mlp: { kind: "gated", activation: "silu" },
  position: { kind: "rotary", base: 10000, rotaryWidth: 4, scaling: null },
  slidingWindow: null,
  biases: { qkv: false, attentionOut: false, mlp: false },
  qkNorm: false,
  tiedEmbeddings: false,
  scores: { scaleByInverseLayer: false },
  specialIds: { bos: null, eos: 0, pad: null },
};

/** Fresh weights, large enough for attention to matter. */
export function tinyPolicy(seed = 1): TrainablePolicy {
  const params = tf.tidy(() =>
    Object.fromEntries(
      Object.entries(initialParameters(TINY, seed)).map(([name, tensor]) => [
        name,
        tf.keep(name.endsWith(".gain") ? tf.clone(tensor) : tf.mul(tensor, 5)),
      ]),
    ),
  );
  const policy = fullPolicy(TINY, trainableParameters(params));
  tf.dispose(params);
  return policy;
}

/** `count` rows of 4 to 20 tokens: a prompt and a completion that counts up from its last token. */
export function tinyRows(count: number, seed = 3): TokenRow[] {
  const random = new RandomStream(seed, "rows");
  const below = (n: number) => Math.floor(random.uniform() * n);
  return Array.from({ length: count }, () => {
    const prompt = Array.from({ length: 2 + below(9) }, () => 1 + below(30));
    const last = prompt.at(-1) as number;
    const length = 2 + below(9);
    return completionRow(
      prompt,
      Array.from({ length }, (_, i) => (i === length - 1 ? 0 : 1 + ((last + i) % 30))),
    );
  });
}

/** All variables, one after another. */
export function values(policy: TrainablePolicy): Float32Array {
  return Float32Array.from(
    Object.values(policy.variables).flatMap((v) => Array.from(v.dataSync<"float32">())),
  );
}
