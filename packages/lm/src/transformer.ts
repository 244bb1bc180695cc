/**
 * The decoder-only transformer, for every family: embedding, blocks, final norm. What is made of the
 * hidden states is in ./heads.ts and ./logps.ts; generation with a cache reuses {@link block}.
 */

import { embedding } from "@preflab/tfjs-backend-ort";
import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { attend, projectHeads } from "./attention.ts";
import type { ModelConfig } from "./config.ts";
import { attentionSite, type Dropout, dropped, EMBEDDING, mlpSite } from "./dropout.ts";
import { affine, mlp, normalize, parameter } from "./layers.ts";
import { attentionBias, positionsOf } from "./positions.ts";
import { anglesAt } from "./rotary.ts";
import type { Params } from "./types.ts";

/** What a forward pass may be told beside its tokens. */
export interface ForwardOptions {
  /**
   * Positions of the tokens, `[B, T]` int32, starting anew at 0 where a row goes on with another
   * text: a token sees no further back than its position. Default: a row is one text.
   */
  readonly positions?: Tensor2D | undefined;
  /**
   * Who sees whom, `[B, 1, T, T]` as `branchBias` gives it, where rows are not plain texts; needs
   * {@link positions}. Default: by padding, positions and the model's window.
   */
  readonly attentionBias?: Tensor4D | undefined;
  /** Elements to leave out, in training only. Default: none. */
  readonly dropout?: Dropout | undefined;
}

/**
 * Hidden states after the final norm, from which logits, rewards and values are computed. Values at
 * padding are finite and mean nothing.
 * @param ids `[B, T]` int32
 * @param attentionMask `[B, T]` int32, padding on either side
 * @returns `[B, T, D]`
 * @throws Error when a parameter is missing or the sequence exceeds a table of positions
 */
export function hiddenStates(
  config: ModelConfig,
  params: Params,
  ids: Tensor2D,
  attentionMask: Tensor2D,
  options: ForwardOptions = {},
): Tensor3D {
  return tf.tidy(() => {
    const states = layerStates(config, params, ids, attentionMask, options);
    return states[config.layers] as Tensor3D;
  });
}

/**
 * As {@link hiddenStates}, of some tokens alone: the last block, but for its keys and values, is
 * computed for these only.
 * @param places `[M]` int32, indices into `[B * T]`; may repeat
 * @returns `[M, D]`
 */
export function hiddenStatesAt(
  config: ModelConfig,
  params: Params,
  ids: Tensor2D,
  attentionMask: Tensor2D,
  places: Tensor1D,
  options: Omit<ForwardOptions, "dropout"> = {},
): Tensor2D {
  return tf.tidy(() => {
    const { embedded, mixOf } = begin(config, params, ids, attentionMask, options);
    // With more places than tokens it is cheaper to repeat results than to compute them again.
    const last = places.size < ids.size ? config.layers - 1 : config.layers;
    let x = embedded;
    for (let layer = 0; layer < config.layers; layer++) {
      const kept = layer === last ? places : undefined;
      x = block(config, params, layer, x, mixOf(layer), undefined, kept);
    }
    const states = normalize(config, params, "norm", x);
    return last < config.layers ? states : embedding(states, places);
  });
}

/** As {@link hiddenStates}, of every layer: the embedding, then the output of each block, the last after the final norm. `layers + 1` of `[B, T, D]` */
export function layerStates(
  config: ModelConfig,
  params: Params,
  ids: Tensor2D,
  attentionMask: Tensor2D,
  options: ForwardOptions = {},
): Tensor3D[] {
  const { dropout } = options;
  const { embedded, mixOf } = begin(config, params, ids, attentionMask, options);
  let x = dropped(embedded, dropout, EMBEDDING);
  const states = [x];
  for (let layer = 0; layer < config.layers; layer++) {
    x = block(config, params, layer, x, mixOf(layer), dropout);
    states.push(x);
  }
  states[config.layers] = normalize(config, params, "norm", x);
  return states.map((state) => tf.reshape(state, [...ids.shape, config.width]));
}

/** Mixes the tokens of a block: from normed `[N, D]` and the block's name to `[N, H K]`. */
type Mix = (normed: Tensor2D, name: string) => Tensor2D;

/** What comes before the blocks: embeddings `[B * T, D]` and the attention of every layer. */
function begin(
  config: ModelConfig,
  params: Params,
  ids: Tensor2D,
  attentionMask: Tensor2D,
  { positions, attentionBias: given }: ForwardOptions,
): { embedded: Tensor2D; mixOf: (layer: number) => Mix } {
  const [batch, length] = ids.shape;
  const { position, slidingWindow } = config;
  if (!positions) checkLength(config, length);
  const places = positions ?? positionsOf(attentionMask);
  const angles = position.kind === "rotary" ? anglesAt(position, places) : null;
  const queries = tf.range(0, length, 1, "int32");
  const bias = given ?? attentionBias(attentionMask, queries, slidingWindow, positions);
  const mixOf = (layer: number) => (normed: Tensor2D, name: string) =>
    attend(config, layer, projectHeads(config, params, name, normed, batch, angles), bias);
  return { embedded: embed(config, params, ids, places), mixOf };
}

/**
 * Embeddings of tokens at positions.
 * @param ids `[B, T]` int32
 * @param positions `[B, T]` int32
 * @returns `[B * T, D]`
 */
export function embed(
  { position }: ModelConfig,
  params: Params,
  ids: Tensor2D,
  positions: Tensor2D,
): Tensor2D {
  const tokens = embedding(parameter(params, "embedding"), flat(ids));
  if (position.kind !== "learned") return tokens;
  return tf.add(tokens, embedding(parameter(params, "positions"), flat(positions)));
}

/** @throws Error for rows of one text with more tokens than the model has positions */
function checkLength({ position, maxPositions }: ModelConfig, length: number): void {
  if (position.kind !== "learned" || length <= maxPositions) return;
  throw new Error(
    `embed: expected at most ${maxPositions} tokens, which is how many positions the model has, ` +
      `got ${length}. Truncate the sequences.`,
  );
}

/**
 * One transformer block.
 * @param x `[N, D]`
 * @param attention mixes tokens, see {@link Mix}
 * @param places `[M]` int32, the tokens whose output is wanted; default: all
 * @returns `[N, D]`, or `[M, D]`
 */
export function block(
  config: ModelConfig,
  params: Params,
  layer: number,
  x: Tensor2D,
  attention: Mix,
  dropout?: Dropout,
  places?: Tensor1D,
): Tensor2D {
  const name = `blocks.${layer}`;
  const wanted = (rows: Tensor2D) => (places ? embedding(rows, places) : rows);
  const normed = normalize(config, params, `${name}.norm1`, x);
  const mixed = wanted(attention(normed, name));
  const own = wanted(x);
  const projected = affine(params, `${name}.attentionOut`, mixed, config.biases.attentionOut);
  const attended = dropped(projected, dropout, attentionSite(layer));
  const transformed = (normed2: Tensor2D) =>
    dropped(mlp(config, params, name, normed2), dropout, mlpSite(layer));

  if (config.residual === "sequential") {
    const between = tf.add(own, attended) as Tensor2D;
    const normed2 = normalize(config, params, `${name}.norm2`, between);
    return tf.add(between, transformed(normed2));
  }
  const normed2 = config.sharedNorm
    ? wanted(normed)
    : normalize(config, params, `${name}.norm2`, own);
  return tf.add(tf.add(own, attended), transformed(normed2));
}

function flat(tokens: Tensor2D): Tensor1D {
  return tf.reshape(tokens, [tokens.size]);
}
