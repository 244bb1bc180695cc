/** The parts of a block that act on each token alone. All take parameters by canonical name. */

import { gelu, geluErf, layerNorm, linear, rmsNorm, silu } from "@preflab/tfjs-backend-ort";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Activation, ModelConfig } from "./config.ts";
import type { Params } from "./types.ts";

/** The parameter `name`. @throws Error when there is none */
export function parameter<T extends Tensor>(params: Params, name: string): T {
  const tensor = params[name];
  if (tensor) return tensor as T;
  throw new Error(
    `parameter: expected a parameter ${name}, got none. Check that the checkpoint fits the config.`,
  );
}

/**
 * `x W`, plus a bias where the model has one, plus `x down up` where the parameters have the factors
 * of a low-rank change of W. `[N, I] -> [N, O]`
 */
export function affine(params: Params, name: string, x: Tensor2D, hasBias: boolean): Tensor2D {
  const weight = parameter<Tensor2D>(params, `${name}.weight`);
  const bias = hasBias ? parameter<Tensor1D>(params, `${name}.bias`) : undefined;
  const y = linear(x, weight, bias);
  const factors = lowRankNames(`${name}.weight`);
  const [down, up] = [params[factors.down], params[factors.up]] as [Tensor2D?, Tensor2D?];
  return down && up ? tf.add(y, linear(linear(x, down), up)) : y;
}

/**
 * Names under which parameters may hold a low-rank change of a matrix `[I, O]`, by the name of the
 * matrix: `down` [I, R] and `up` [R, O].
 */
export function lowRankNames(matrix: string): { readonly down: string; readonly up: string } {
  return { down: `${matrix}.down`, up: `${matrix}.up` };
}

/** The model's normalisation over the last axis. */
export function normalize<T extends Tensor>(
  { norm }: ModelConfig,
  params: Params,
  name: string,
  x: T,
): T {
  const gain = parameter<Tensor1D>(params, `${name}.gain`);
  if (norm.kind === "rms") return rmsNorm(x, gain, norm.eps);
  return layerNorm(x, gain, parameter<Tensor1D>(params, `${name}.bias`), norm.eps);
}

const ACTIVATIONS: Readonly<Record<Activation, (x: Tensor2D) => Tensor2D>> = {
  gelu: geluErf,
  gelu_tanh: gelu,
  silu,
};

/** The feed-forward network of block `block`. `[N, D] -> [N, D]` */
export function mlp(config: ModelConfig, params: Params, block: string, x: Tensor2D): Tensor2D {
  const hasBias = config.biases.mlp;
  const up = affine(params, `${block}.mlp.up`, x, hasBias); // [N, M], gated: [N, 2 M]
  return affine(params, `${block}.mlp.down`, activate(config, up), hasBias);
}

/** @returns `[N, M]` */
function activate({ mlp }: ModelConfig, up: Tensor2D): Tensor2D {
  const activation = ACTIVATIONS[mlp.activation];
  if (mlp.kind === "plain") return activation(up);
  const [gate, value] = tf.split(up, 2, 1) as [Tensor2D, Tensor2D];
  return tf.mul(activation(gate), value);
}
