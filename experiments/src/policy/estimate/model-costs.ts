/**
 * What a transformer of GPT-2's or GPT-NeoX's kind costs: parameters, operations and bytes, as
 * functions of its shape. Layers of both have the same number of each; what differs is in the shape.
 */

/** Sizes of a model. */
export interface ModelShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly vocabulary: number;
  /** Learned ones; 0 where positions are rotations. */
  readonly positions: number;
  /** Whether the output head is the embedding, or a matrix of its own. */
  readonly head: "embedding" | "own";
}

/** Bytes of a number: everything is computed in float32. */
export const BYTES = 4;

/** Numbers of a layer: 12 D^2 of matrices, 13 D of biases and norms. */
const MATRICES = 12;
const VECTORS = 13;

/**
 * Bytes of activations per element of the residual stream and layer that a gradient needs, without
 * those of attention: those of Korthikanti et al. 2022 (arXiv:2205.05198), section 4.1, without
 * dropout and in float32, twice, since TensorFlow.js keeps what its operations are composed of.
 */
const ACTIVATION_BYTES = 2 * 64;
/** The same per element of the attention matrices. */
const ATTENTION_BYTES = 2 * 4;
/** Copies of the logits: themselves, their log-softmax and a gradient. */
const LOGIT_COPIES = 3;

/** Trainable numbers. */
export function parametersOf({ layers, width, vocabulary, positions, head }: ModelShape): number {
  const layer = MATRICES * width ** 2 + VECTORS * width;
  const rows = vocabulary * (head === "own" ? 2 : 1) + positions;
  return rows * width + layers * layer + 2 * width;
}

/**
 * Operations of a forward pass per token: two for every number of a matrix, and attention over all
 * positions of a text, masked or not.
 * @param length of the text, tokens
 */
export function forwardFlops(
  { layers, width, vocabulary }: Pick<ModelShape, "layers" | "width" | "vocabulary">,
  length: number,
): number {
  const matrices = MATRICES * layers * width ** 2 + vocabulary * width;
  return 2 * matrices + 4 * layers * width * length;
}

/** Forward and backward. */
export function trainFlops(shape: ModelShape, length: number): number {
  return 3 * forwardFlops(shape, length);
}

/** Bytes that a training step on some texts keeps beside the weights. */
export function activationBytes(
  { layers, width, heads, vocabulary }: ModelShape,
  { texts, length }: { readonly texts: number; readonly length: number },
): number {
  const tokens = texts * length;
  const perLayer = tokens * (ACTIVATION_BYTES * width + ATTENTION_BYTES * heads * length);
  return layers * perLayer + LOGIT_COPIES * BYTES * tokens * vocabulary;
}

/** Bytes of keys and values of texts that are sampled together. */
export function cacheBytes(
  { layers, width }: Pick<ModelShape, "layers" | "width">,
  texts: number,
  length: number,
): number {
  return 2 * BYTES * layers * width * texts * length;
}
