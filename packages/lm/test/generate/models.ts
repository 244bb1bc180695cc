/** Golden models as they are needed to test generation, and a forward pass without a cache. */

import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../../src/config.ts";
import { logits } from "../../src/heads.ts";
import { RandomStream } from "../../src/rng.ts";
import { hiddenStates } from "../../src/transformer.ts";
import type { Params } from "../../src/types.ts";

/** Prompts of random tokens, from `shortest` to `longest` tokens. */
export function randomPrompts(
  { vocabSize }: ModelConfig,
  count: number,
  [shortest, longest]: readonly [number, number],
): number[][] {
  const stream = new RandomStream(11, "prompts");
  const below = (limit: number) => Math.floor(stream.uniform() * limit);
  return Array.from({ length: count }, () =>
    Array.from({ length: shortest + below(longest - shortest + 1) }, () => below(vocabSize)),
  );
}

/** Logits `[V]` of every token of a text, from one forward pass. */
export function textLogits(
  config: ModelConfig,
  params: Params,
  ids: readonly number[],
): number[][] {
  const program = jit((tokens: tf.Tensor2D, mask: tf.Tensor2D) =>
    logits(
      config,
      params,
      tf.reshape(hiddenStates(config, params, tokens, mask), [ids.length, config.width]),
    ),
  );
  const rows = tf.tidy(() =>
    program(
      tf.tensor2d([...ids], [1, ids.length], "int32"),
      tf.onesLike(tf.tensor2d([...ids], [1, ids.length], "int32")),
    ).arraySync(),
  );
  program.dispose();
  return rows;
}

/** `log softmax(logits / temperature)[id]` in float64. */
export function logpOf(logits: readonly number[], id: number, temperature = 1): number {
  const scaled = logits.map((logit) => logit / temperature);
  const most = Math.max(...scaled);
  const sum = scaled.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  return (scaled[id] as number) - most - Math.log(sum);
}
