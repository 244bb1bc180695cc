/**
 * Low-rank adapters: small trainable matrices beside frozen parameters. A model multiplies with A
 * and B one after the other; W + scale A B is formed only to merge.
 */

import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../config.ts";
import { lowRankNames } from "../layers.ts";
import type { Variables } from "../params.ts";
import { RandomStream } from "../rng.ts";
import type { TrainablePolicy } from "../train/policy.ts";
import type { Params } from "../types.ts";
import type { LoraConfig } from "./config.ts";
import { type LoraTarget, loraTargets } from "./targets.ts";

/** An adapter of a model. */
export interface LoraAdapter {
  readonly config: LoraConfig;
  readonly targets: readonly LoraTarget[];
  /**
   * By {@link loraNames}: `A` [inputs, rank] and `B` [rank, outputs] of every target, outputs in the
   * order of the parameter's columns. The caller disposes them.
   */
  readonly variables: Variables;
}

/** Names of the variables of a target. */
export function loraNames({ module }: LoraTarget): { readonly a: string; readonly b: string } {
  return { a: `${module}.lora_A`, b: `${module}.lora_B` };
}

/**
 * A fresh adapter, which changes nothing yet. As PEFT: A uniform in ± 1 / sqrt(inputs), which is
 * Kaiming's with a = sqrt(5); B zero.
 * @param seed integer in `[0, 2^53)`; each matrix has a stream of its own
 * @throws ConfigError for a target that the model has not
 */
export function initialAdapter(model: ModelConfig, config: LoraConfig, seed: number): LoraAdapter {
  return makeAdapter(model, config, (target) => {
    const { inputs, outputs } = target;
    const random = new RandomStream(seed, `lora/${target.module}`);
    const bound = 1 / Math.sqrt(inputs);
    const a = new Float32Array(inputs * config.rank);
    for (let i = 0; i < a.length; i++) a[i] = bound * (2 * random.uniform() - 1);
    return { a, b: new Float32Array(config.rank * outputs) };
  });
}

/** An adapter of given numbers, row-major `A` [inputs, rank] and `B` [rank, outputs]. */
export function makeAdapter(
  model: ModelConfig,
  config: LoraConfig,
  valuesOf: (target: LoraTarget) => { readonly a: Float32Array; readonly b: Float32Array },
): LoraAdapter {
  const targets = loraTargets(model, config.targetModules);
  const variables: Record<string, tf.Variable> = {};
  for (const target of targets) {
    const names = loraNames(target);
    const { a, b } = valuesOf(target);
    variables[names.a] = variable(a, [target.inputs, config.rank]);
    variables[names.b] = variable(b, [config.rank, target.outputs]);
  }
  return { config, targets, variables };
}

/**
 * The parameters of the adapted model: the given ones, and beside each matrix that is adapted the two
 * factors of its change, with gradients into the adapter. The factors are new tensors: call it in a
 * tidy.
 */
export function adaptedParameters(params: Params, adapter: LoraAdapter): Params {
  const adapted: Record<string, tf.Tensor> = { ...params };
  for (const [matrix, targets] of targetsByParameter(adapter)) {
    const names = lowRankNames(matrix);
    const { down, up } = factors(adapter, targets);
    adapted[names.down] = down;
    adapted[names.up] = up;
  }
  return adapted;
}

/**
 * The adapted model as one of its own, all of it new tensors, which the caller disposes. `params`
 * stay as they are: who still has them takes the adapter out by going back to them.
 */
export function mergeAdapter(params: Params, adapter: LoraAdapter): Record<string, tf.Tensor> {
  return changed(params, adapter, tf.add);
}

/**
 * Takes an adapter out of the merged model. Each number may differ from the original's by a
 * rounding, which is why {@link mergeAdapter} leaves the originals alone.
 */
export function unmergeAdapter(params: Params, adapter: LoraAdapter): Record<string, tf.Tensor> {
  return changed(params, adapter, tf.sub);
}

/** A policy of which the adapter alone is trained. */
export function loraPolicy(
  config: ModelConfig,
  params: Params,
  adapter: LoraAdapter,
): TrainablePolicy {
  const parameters = () => adaptedParameters(params, adapter);
  return { config, variables: adapter.variables, parameters };
}

/** Copies of all parameters, those with an adapter changed by scale A B. */
function changed(
  params: Params,
  adapter: LoraAdapter,
  change: (matrix: tf.Tensor, delta: tf.Tensor) => tf.Tensor,
): Record<string, tf.Tensor> {
  return tf.tidy(() => {
    const copies = Object.entries(params).map(([name, tensor]) => [name, tf.clone(tensor)]);
    const result = Object.fromEntries(copies) as Record<string, tf.Tensor>;
    for (const [matrix, targets] of targetsByParameter(adapter)) {
      const { down, up } = factors(adapter, targets);
      result[matrix] = change(params[matrix] as tf.Tensor, tf.matMul(down, up));
    }
    return result;
  });
}

function targetsByParameter({ targets }: LoraAdapter): ReadonlyMap<string, readonly LoraTarget[]> {
  const byParameter = new Map<string, LoraTarget[]>();
  for (const target of targets) {
    byParameter.set(target.parameter, [...(byParameter.get(target.parameter) ?? []), target]);
  }
  return byParameter;
}

/**
 * Two factors of the change that all targets in one parameter make: their A side by side, `[I, R]`,
 * and their scale B one below the other, zero in columns of other targets, `[R, columns]`.
 */
function factors(
  { config, variables }: LoraAdapter,
  targets: readonly LoraTarget[],
): { down: tf.Tensor2D; up: tf.Tensor2D } {
  const down: tf.Tensor2D[] = [];
  const up: tf.Tensor2D[] = [];
  for (const target of targets) {
    const { at, outputs, columns } = target;
    const { a, b } = loraNames(target);
    down.push(variables[a] as tf.Variable<tf.Rank.R2>);
    const placed = tf.pad2d(variables[b] as tf.Variable<tf.Rank.R2>, [
      [0, 0],
      [at, columns - at - outputs],
    ]);
    up.push(placed);
  }
  const scale = config.alpha / config.rank;
  return { down: tf.concat(down, 1), up: tf.mul(tf.concat(up, 0), scale) };
}

function variable(values: Float32Array, shape: [number, number]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor2d(values, shape)));
}
