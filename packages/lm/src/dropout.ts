/**
 * Dropout: which elements a training step leaves out. The masks are drawn on the host, from a random
 * stream that the caller names after the step, and fed to the compiled step: a run goes on from a
 * checkpoint without any state of its own. Places are those of GPT-2's `embd_pdrop` and
 * `resid_pdrop`; attention weights are not dropped.
 * Srivastava et al. 2014, section 4.
 */

import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "./config.ts";
import type { RandomStream } from "./rng.ts";

/** A mask decides by 16 random bits per element. */
const RESOLUTION = 2 ** 16;

/** Elements that a forward pass leaves out. */
export interface Dropout {
  /** Share of elements left out, in `[0, 1)`; the others are scaled up by `1 / (1 - rate)`. */
  readonly rate: number;
  /** `[1 + 2 layers, B T, D]` bool, true for elements that stay. */
  readonly kept: Tensor3D;
}

/** Place of the mask of the embeddings. */
export const EMBEDDING = 0;

/** Place of the mask of a block's attention, before it joins the residual. */
export function attentionSite(layer: number): number {
  return 1 + 2 * layer;
}

/** Place of the mask of a block's MLP, before it joins the residual. */
export function mlpSite(layer: number): number {
  return 2 + 2 * layer;
}

/**
 * Draws the masks of a forward pass, see {@link Dropout.kept}; the caller disposes them.
 * @param tokens B T, padding included
 * @param rate in `[0, 1)`; held to within 2^-17
 * @param stream a fresh one for every forward pass
 */
export function drawMasks(
  { layers, width }: Pick<ModelConfig, "layers" | "width">,
  tokens: number,
  rate: number,
  stream: RandomStream,
): Tensor3D {
  const shape: [number, number, number] = [1 + 2 * layers, tokens, width];
  const left = Math.round(rate * RESOLUTION);
  const kept = new Uint8Array(tf.util.sizeFromShape(shape));
  for (let i = 0; i < kept.length; i += 2) {
    const bits = stream.uint32();
    kept[i] = bits >>> 16 < left ? 0 : 1;
    kept[i + 1] = (bits & (RESOLUTION - 1)) < left ? 0 : 1; // no effect past the end
  }
  return tf.tensor3d(kept, shape, "bool");
}

/**
 * `x` without the elements left out at `site`, so that its expectation stays.
 * @param x `[B T, D]`
 */
export function dropped(x: Tensor2D, dropout: Dropout | undefined, site: number): Tensor2D {
  if (!dropout) return x;
  const { rate, kept } = dropout;
  const mask = tf.reshape(tf.slice(kept, [site, 0, 0], [1, -1, -1]), x.shape);
  return tf.mul(x, tf.mul(tf.cast(mask, "float32"), 1 / (1 - rate)));
}
