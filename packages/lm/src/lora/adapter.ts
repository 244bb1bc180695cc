/**
 * Low-rank adapters: small trainable matrices beside frozen parameters. The adapted parameter
 * W + scale A B is computed where it is used, so models know nothing of adapters.
 */

import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../config.ts";
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
 * The parameters of the adapted model: new tensors for those that an adapter changes, with gradients
 * into the adapter, and the given ones for the rest. Call it in a tidy.
 */
export function adaptedParameters(params: Params, adapter: LoraAdapter): Params {
  const byParameter = new Map<string, LoraTarget[]>();
  for (const target of adapter.targets) {
    const { parameter } = target;
    byParameter.set(parameter, [...(byParameter.get(parameter) ?? []), target]);
  }
  const adapted: Record<string, tf.Tensor> = { ...params };
  for (const [name, targets] of byParameter) {
    adapted[name] = tf.add(params[name] as tf.Tensor, delta(adapter, targets));
  }
  return adapted;
}

/**
 * The adapted model as one of its own, all of it new tensors, which the caller disposes. `params`
 * stay as they are: to take the adapter out again is to go back to them, which is exact, as
 * subtracting it would not be.
 */
export function mergeAdapter(params: Params, adapter: LoraAdapter): Record<string, tf.Tensor> {
  return tf.tidy(() => {
    const adapted = adaptedParameters(params, adapter);
    const whole = Object.entries(adapted).map(([name, tensor]) => {
      return [name, tensor === params[name] ? tf.clone(tensor) : tensor];
    });
    return Object.fromEntries(whole) as Record<string, tf.Tensor>;
  });
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

/** scale A B of all targets in one parameter, zero in the columns of none. `[inputs, columns]` */
function delta({ config, variables }: LoraAdapter, targets: readonly LoraTarget[]): tf.Tensor {
  const [down, up] = [[], []] as [tf.Tensor2D[], tf.Tensor2D[]];
  for (const target of targets) {
    const { at, outputs, columns } = target;
    const { a, b } = loraNames(target);
    down.push(variables[a] as tf.Variable<tf.Rank.R2>);
    const placed = tf.pad2d(variables[b] as tf.Variable<tf.Rank.R2>, [
      [0, 0],
      [at, columns - at - outputs],
    ]); // [rank, columns]
    up.push(placed);
  }
  const product = tf.matMul(tf.concat(down, 1), tf.concat(up, 0));
  return tf.mul(product, config.alpha / config.rank);
}

function variable(values: Float32Array, shape: [number, number]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor2d(values, shape)));
}
