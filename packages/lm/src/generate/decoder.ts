/**
 * One token per row, compiled for one number of rows and one cache length. Keys and values are flat
 * variables of which each step writes one column in place. Which rows these are, and when they move
 * to a decoder of another shape, is decided in ./wave.ts.
 */

import { type Jitted, jit } from "@preflab/tfjs-backend-ort";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { attend, projectHeads } from "../attention.ts";
import type { ModelConfig } from "../config.ts";
import { logits } from "../heads.ts";
import { normalize } from "../layers.ts";
import { attentionBias } from "../positions.ts";
import { anglesAt } from "../rotary.ts";
import { block, embed } from "../transformer.ts";
import type { Params } from "../types.ts";
import { type CacheShape, cacheSize } from "./cache-layout.ts";
import { type Choice, choose, type Drawn } from "./draw.ts";

/** Compiled ways to choose tokens kept per shape. */
const PROGRAMS = 8;

/** What a step is given; `B` rows, all at the same column of the cache. */
export interface StepInputs {
  /** `[B]` int32, the tokens that are now known. */
  readonly ids: Tensor1D;
  /** `[1]` int32, the column of these tokens in the cache. */
  readonly column: Tensor1D;
  /** `[B]` int32, the column of each row's first token; negative when that was dropped. */
  readonly starts: Tensor1D;
  /** `[B, 1]`, see `choose`. */
  readonly noise: Tensor2D;
  /** `[B, L]` int32 with a repetition penalty, else null. */
  readonly history: Tensor2D | null;
  readonly choice: Choice;
  /** Whether logits are returned. */
  readonly wantsLogits: boolean;
}

/** What a step gives. */
export interface StepOutputs extends Drawn {
  /** `[B, V]` of the model, if asked for. */
  readonly logits: Tensor2D | null;
}

/** Flat `[rows * heads * length * width]` keys or values of a layer. */
type Cache = tf.Variable<tf.Rank.R1>;

/** Decodes a fixed number of rows with a cache of fixed length. */
export class Decoder {
  readonly shape: CacheShape;
  /** Keys, then values, of each layer in turn; made when first loaded. */
  #caches: Cache[] = [];
  readonly #step: Jitted<[StepInputs], StepOutputs>;
  readonly #cells: Tensor2D;

  constructor(config: ModelConfig, params: Params, shape: CacheShape) {
    this.shape = shape;
    this.#cells = firstCells(shape);
    this.#step = jit((inputs: StepInputs) => this.#trace(config, params, inputs), {
      name: `decode ${shape.rows} x ${shape.length}`,
      cacheSize: PROGRAMS,
      whenFull: "evict",
    });
  }

  /** Bytes that the keys and values of `layers` layers take in this shape. */
  static bytes(shape: CacheShape, layers: number): number {
    return 2 * layers * cacheSize(shape) * Float32Array.BYTES_PER_ELEMENT;
  }

  /** Starts with these keys and values, which become the decoder's own. */
  load(arrays: readonly Float32Array[]): void {
    arrays.forEach((array, i) => {
      const tensor = tf.tensor1d(array);
      const cache = this.#caches[i];
      if (cache) cache.assign(tensor);
      else this.#caches.push(tf.variable(tensor, false) as Cache);
      tensor.dispose();
    });
  }

  /** Copies of the keys and values, as {@link load} takes them. */
  async read(): Promise<Float32Array[]> {
    return Promise.all(this.#caches.map((cache) => cache.data<"float32">()));
  }

  /** Adds the tokens to the cache and chooses the next ones. The caller disposes both sides. */
  step(inputs: StepInputs): Promise<StepOutputs> {
    return this.#step.async(inputs);
  }

  /** Frees programs and caches. */
  dispose(): void {
    this.#step.dispose();
    tf.dispose([this.#cells, ...this.#caches]);
    this.#caches = [];
  }

  #trace(config: ModelConfig, params: Params, inputs: StepInputs): StepOutputs {
    const { ids, column, starts } = inputs;
    const { rows, length } = this.shape;
    const positions = tf.expandDims(tf.sub(column, starts), 1) as Tensor2D; // [B, 1]
    const angles = config.position.kind === "rotary" ? anglesAt(config.position, positions) : null;
    const filled = tf.greaterEqual(tf.range(0, length, 1, "int32"), tf.expandDims(starts, 1));
    const keyMask = tf.cast(filled, "int32") as Tensor2D; // [B, S]
    const bias = attentionBias(keyMask, column, config.slidingWindow);
    const cells = tf.add(this.#cells, tf.mul(column, tf.scalar(this.shape.width, "int32")));
    const places = tf.reshape(cells, [cells.size, 1]) as Tensor2D;

    let x = embed(config, params, tf.expandDims(ids, 1), positions); // [B, D]
    for (let layer = 0; layer < config.layers; layer++) {
      x = block(config, params, layer, x, (normed, name) => {
        const { q, k, v } = projectHeads(config, params, name, normed, rows, angles);
        const keys = this.#write(2 * layer, places, k);
        const values = this.#write(2 * layer + 1, places, v);
        return attend(config, layer, { q, k: keys, v: values }, bias);
      });
    }
    const scores = logits(config, params, normalize(config, params, "norm", x));
    const drawn = choose(scores, inputs.choice, inputs.noise, inputs.history);
    return { ...drawn, logits: inputs.wantsLogits ? scores : null };
  }

  /** Writes one column `[B, heads, 1, K]` of a cache. @returns all of it, `[B, heads, S, K]` */
  #write(index: number, places: Tensor2D, column: Tensor4D): Tensor4D {
    const cache = this.#caches[index] as Cache;
    const { rows, heads, length, width } = this.shape;
    // Flat, so that it is one scatter into the variable, which happens in place.
    const written = tf.tensorScatterUpdate(cache, places, tf.reshape(column, [column.size]));
    cache.assign(written as Tensor1D);
    return tf.reshape(written, [rows, heads, length, width]);
  }
}

/** Index of every element of column 0 in the flat cache. `[rows * heads, width]` int32 */
function firstCells({ rows, heads, length, width }: CacheShape): Tensor2D {
  return tf.tidy(() => {
    const size = length * width;
    const starts = tf.range(0, rows * heads * size, size, "int32");
    return tf.add(tf.expandDims(starts, 1), tf.range(0, width, 1, "int32"));
  });
}
