/** Keys and values of prompts, computed at once. The next tokens are ./decoder.ts's business. */

import { type Jitted, jit } from "@preflab/tfjs-backend-ort";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { attend, projectHeads } from "../attention.ts";
import type { ModelConfig } from "../config.ts";
import { attentionBias } from "../positions.ts";
import { anglesAt } from "../rotary.ts";
import { block, embed } from "../transformer.ts";
import type { Params } from "../types.ts";
import { batchBucket, lengthBucket } from "./buckets.ts";
import type { CacheShape } from "./cache-layout.ts";

/** Compiled prompt shapes kept. */
const PROGRAMS = 16;

/** Keys and values of prompts, from column 0 of a row on; what follows them has no meaning. */
export interface PrefilledRows {
  readonly shape: CacheShape;
  /** Keys, then values, of each layer in turn. */
  readonly arrays: readonly Float32Array[];
}

/** Computes keys and values of prompts. */
export class Prefill {
  readonly #config: ModelConfig;
  readonly #program: Jitted<[Tensor2D], Tensor4D[]>;

  constructor(config: ModelConfig, params: Params) {
    this.#config = config;
    this.#program = jit((ids: Tensor2D) => keysAndValues(config, params, ids), {
      name: "prefill",
      cacheSize: PROGRAMS,
      whenFull: "evict",
    });
  }

  /** @param prompts one or more token lists, which may be empty; the longest is not */
  async run(prompts: readonly (readonly number[])[]): Promise<PrefilledRows> {
    const { kvHeads, headWidth } = this.#config;
    const rows = batchBucket(prompts.length);
    const length = this.#lengthFor(Math.max(...prompts.map((prompt) => prompt.length)));
    const ids = new Int32Array(rows * length);
    prompts.forEach((prompt, row) => {
      ids.set(prompt, row * length);
    });
    const input = tf.tensor2d(ids, [rows, length], "int32");
    const results = await this.#program.async(input);
    const arrays = await Promise.all(results.map((tensor) => tensor.data<"float32">()));
    tf.dispose([input, results]);
    return { shape: { rows, heads: kvHeads, length, width: headWidth }, arrays };
  }

  /** Frees the compiled programs. */
  dispose(): void {
    this.#program.dispose();
  }

  #lengthFor(tokens: number): number {
    const bucket = lengthBucket(tokens);
    const { position, maxPositions } = this.#config;
    return position.kind === "learned" ? Math.min(bucket, maxPositions) : bucket;
  }
}

/**
 * Keys, then values, of each layer in turn. No token sees those after it, so what follows a shorter
 * prompt needs no mask. `[B, kvHeads, T, K]`
 */
function keysAndValues(config: ModelConfig, params: Params, ids: Tensor2D): Tensor4D[] {
  const [batch, length] = ids.shape;
  const { position, slidingWindow } = config;
  const columns = tf.range(0, length, 1, "int32");
  const positions = tf.tile(tf.expandDims(columns), [batch, 1]) as Tensor2D;
  const angles = position.kind === "rotary" ? anglesAt(position, positions) : null;
  const bias = attentionBias(tf.ones([1, length], "int32"), columns, slidingWindow);
  const found: Tensor4D[] = [];
  let x = embed(config, params, ids, positions);
  for (let layer = 0; layer < config.layers; layer++) {
    x = block(config, params, layer, x, (normed, name) => {
      const heads = projectHeads(config, params, name, normed, batch, angles);
      found.push(heads.k, heads.v);
      return attend(config, layer, heads, bias);
    });
  }
  return found;
}
