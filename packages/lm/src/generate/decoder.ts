/**
 * One token per row, compiled for one number of rows and one cache length. Keys and values are
 * variables of which each step writes one column per row in place. Which rows these are, and when
 * they move to a decoder of another shape, is decided in ./wave.ts.
 */

import {
  type ConstantTensors,
  cachedAttention,
  type Jitted,
  jit,
  variableElements,
} from "@preflab/tfjs-backend-ort";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { projectHeads, scoreScale } from "../attention.ts";
import type { ModelConfig } from "../config.ts";
import { logits } from "../heads.ts";
import { normalize } from "../layers.ts";
import { countParameters } from "../params.ts";
import { anglesAt } from "../rotary.ts";
import { block, embed } from "../transformer.ts";
import type { Params } from "../types.ts";
import { type CacheShape, cacheSize } from "./cache-layout.ts";
import { type Choice, choose, type Drawn } from "./draw.ts";

/** Compiled ways to choose tokens kept per shape. */
const PROGRAMS = 8;
/**
 * Up to so many multiplications a step is computed at once: tens of milliseconds at most, of which
 * handing it to another thread would take a millisecond.
 */
const BRIEF = 5e8;

/** What a step is given, for `B` rows. */
export interface StepInputs {
  /** `[B]` int32, the tokens that are now known. */
  readonly ids: Tensor1D;
  /** `[B]` int32, the columns of these tokens in the cache: after those that are filled. */
  readonly columns: Tensor1D;
  /** `[B]` int32, the tokens' positions. */
  readonly positions: Tensor1D;
  /** `[B, 1]`, see `choose`. */
  readonly noise: Tensor2D | null;
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

/** `[rows, heads, length, width]` keys or values of a layer. */
type Cache = tf.Variable<tf.Rank.R4>;

/** Decodes a fixed number of rows with a cache of fixed length. */
export class Decoder {
  readonly shape: CacheShape;
  /** Keys, then values, of each layer in turn. */
  readonly #caches: readonly Cache[];
  readonly #step: Jitted<[StepInputs], StepOutputs>;
  readonly #isBrief: boolean;

  /** @param constants parameters that never change, if any */
  constructor(
    config: ModelConfig,
    params: Params,
    shape: CacheShape,
    constants: ConstantTensors | null,
  ) {
    this.shape = shape;
    const { rows, heads, length, width } = shape;
    this.#isBrief = rows * countParameters(config) <= BRIEF;
    this.#caches = Array.from({ length: 2 * config.layers }, () =>
      tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R4>([rows, heads, length, width]), false)),
    );
    this.#step = jit((inputs: StepInputs) => this.#trace(config, params, inputs), {
      name: `decode ${rows} x ${length}`,
      cacheSize: PROGRAMS,
      whenFull: "evict",
      ...(constants ? { constants } : {}),
    });
  }

  /** Bytes that the keys and values of `layers` layers take in this shape. */
  static bytes(shape: CacheShape, layers: number): number {
    return 2 * layers * cacheSize(shape) * Float32Array.BYTES_PER_ELEMENT;
  }

  /**
   * Changes the keys and values.
   * @param write puts into `elements`, a flat array of {@link shape}, what the index-th cache is to
   *   hold: keys, then values, of each layer in turn. The rest of the elements have no meaning.
   */
  load(write: (elements: Float32Array, index: number) => void): void {
    this.#caches.forEach((cache, index) => {
      const own = variableElements(cache) as Float32Array | null;
      const elements = own ?? new Float32Array(cache.size);
      write(elements, index);
      if (!own) tf.tidy(() => cache.assign(tf.tensor4d(elements, cache.shape)));
    });
  }

  /** The keys and values, in the order of {@link load}; valid until the next step. */
  async read(): Promise<Float32Array[]> {
    return Promise.all(
      this.#caches.map(
        (cache) => (variableElements(cache) as Float32Array | null) ?? cache.data<"float32">(),
      ),
    );
  }

  /**
   * Adds the tokens to the cache and chooses the next ones. The caller disposes both sides. A brief
   * step lets no events through.
   */
  async step(inputs: StepInputs): Promise<StepOutputs> {
    return this.#isBrief ? this.#step(inputs) : this.#step.async(inputs);
  }

  /** Frees programs and caches. */
  dispose(): void {
    this.#step.dispose();
    tf.dispose([...this.#caches]);
  }

  #trace(config: ModelConfig, params: Params, inputs: StepInputs): StepOutputs {
    const { rows } = this.shape;
    const positions = tf.expandDims(inputs.positions, 1) as Tensor2D; // [B, 1]
    const angles = config.position.kind === "rotary" ? anglesAt(config.position, positions) : null;

    let x = embed(config, params, tf.expandDims(inputs.ids, 1), positions); // [B, D]
    for (let layer = 0; layer < config.layers; layer++) {
      x = block(config, params, layer, x, (normed, name) => {
        const heads = projectHeads(config, params, name, normed, rows, angles);
        return this.#attend(config, layer, heads, inputs.columns);
      });
    }
    const scores = logits(config, params, normalize(config, params, "norm", x));
    const drawn = choose(scores, inputs.choice, inputs.noise, inputs.history);
    return { ...drawn, logits: inputs.wantsLogits ? scores : null };
  }

  /** Attention of the new tokens, whose keys and values go to the cache. `[B, H K]` */
  #attend(
    config: ModelConfig,
    layer: number,
    heads: { readonly q: Tensor4D; readonly k: Tensor4D; readonly v: Tensor4D },
    columns: Tensor1D,
  ): Tensor2D {
    const [keys, values] = this.#caches.slice(2 * layer) as [Cache, Cache];
    const { attended, ...written } = cachedAttention(
      { ...heads, keys, values, lengths: columns },
      { scale: scoreScale(config, layer), window: config.slidingWindow },
    );
    keys.assign(written.keys);
    values.assign(written.values);
    return tf.reshape(attended, [this.shape.rows, config.heads * config.headWidth]);
  }
}
