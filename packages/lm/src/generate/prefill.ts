/** Keys and values of prompts, computed at once. The next tokens are ./decoder.ts's business. */

import { type Jitted, jit } from "@preflab/tfjs-backend-ort";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { attend, projectHeads } from "../attention.ts";
import type { ModelConfig } from "../config.ts";
import { attentionBias, positionsOf } from "../positions.ts";
import { anglesAt } from "../rotary.ts";
import { block, embed } from "../transformer.ts";
import type { Params } from "../types.ts";
import { batchBucket, lengthBucket } from "./buckets.ts";
import type { CacheShape } from "./cache-layout.ts";

/** Compiled prompt shapes kept. */
const PROGRAMS = 16;

/** Keys and values of left-padded prompts. */
export interface PrefilledRows {
  readonly shape: CacheShape;
  /** Keys, then values, of each layer in turn. */
  readonly arrays: readonly Float32Array[];
}

/** Computes keys and values of prompts. */
export class Prefill {
  readonly #config: ModelConfig;
  readonly #program: Jitted<[Tensor2D, Tensor2D], Tensor4D[]>;

  constructor(config: ModelConfig, params: Params) {
    this.#config = config;
    this.#program = jit(
      (ids: Tensor2D, mask: Tensor2D) => keysAndValues(config, params, ids, mask),
      { name: "prefill", cacheSize: PROGRAMS, whenFull: "evict" },
    );
  }

  /** @param prompts one or more token lists, which may be empty; the longest is not */
  async run(prompts: readonly (readonly number[])[]): Promise<PrefilledRows> {
    const { kvHeads, headWidth } = this.#config;
    const rows = batchBucket(prompts.length);
    const length = this.#lengthFor(Math.max(...prompts.map((prompt) => prompt.length)));
    const ids = new Int32Array(rows * length);
    const mask = new Int32Array(rows * length);
    prompts.forEach((prompt, row) => {
      const end = (row + 1) * length;
      ids.set(prompt, end - prompt.length);
      mask.fill(1, end - prompt.length, end);
    });
    const inputs = [ids, mask].map((array) => tf.tensor2d(array, [rows, length], "int32"));
    const results = await this.#program.async(...(inputs as [Tensor2D, Tensor2D]));
    const arrays = await Promise.all(results.map((tensor) => tensor.data<"float32">()));
    tf.dispose([inputs, results]);
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

/** Keys, then values, of each layer in turn. `[B, kvHeads, T, K]` */
function keysAndValues(
  config: ModelConfig,
  params: Params,
  ids: Tensor2D,
  mask: Tensor2D,
): Tensor4D[] {
  const [batch, length] = ids.shape;
  const positions = positionsOf(mask);
  const angles = config.position.kind === "rotary" ? anglesAt(config.position, positions) : null;
  const bias = attentionBias(mask, tf.range(0, length, 1, "int32"), config.slidingWindow);
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
