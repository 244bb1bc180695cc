/**
 * Parameters of a model: their names and shapes, fresh ones, copies. Reading them from checkpoints
 * is in ./checkpoint.
 */

import * as tf from "@tensorflow/tfjs-core";
import { huggingFaceLayouts } from "./checkpoint/names.ts";
import type { ModelConfig } from "./config.ts";
import { RandomStream } from "./rng.ts";
import type { Params } from "./types.ts";

/** Standard deviation of fresh weights; GPT-2's, and the default of every supported family. */
const INITIAL_DEVIATION = 0.02;

/** Parameters that an optimizer changes. */
export type Variables = Readonly<Record<string, tf.Variable>>;

/** Shape of every parameter by canonical name, in the order of the forward pass. */
export function parameterShapes(config: ModelConfig): Record<string, readonly number[]> {
  return Object.fromEntries(huggingFaceLayouts(config).map(({ name, shape }) => [name, shape]));
}

/** Number of trainable numbers. */
export function countParameters(config: ModelConfig): number {
  const shapes = Object.values(parameterShapes(config));
  return shapes.reduce((sum, shape) => sum + tf.util.sizeFromShape([...shape]), 0);
}

/**
 * Fresh parameters, which the caller disposes: normal weights of deviation 0.02, those that write to
 * the residual stream smaller by the root of their number (Radford et al. 2019, section 2.3), gains
 * 1, biases 0.
 * @param seed integer in `[0, 2^53)`; each parameter has a stream of its own
 */
export function initialParameters(config: ModelConfig, seed: number): Record<string, tf.Tensor> {
  const made: Record<string, tf.Tensor> = {};
  for (const [name, shape] of Object.entries(parameterShapes(config))) {
    const data = new Float32Array(tf.util.sizeFromShape([...shape]));
    if (name.endsWith(".gain")) data.fill(1);
    else if (!name.endsWith(".bias")) {
      const residual = name.endsWith("attentionOut.weight") || name.endsWith("mlp.down.weight");
      const deviation = INITIAL_DEVIATION / (residual ? Math.sqrt(2 * config.layers) : 1);
      new RandomStream(seed, `init/${name}`).fillNormal(data, deviation);
    }
    made[name] = tf.tensor(data, [...shape]);
  }
  return made;
}

/**
 * Copies that stay as they are when the originals are trained, such as a reference policy. The
 * caller disposes them.
 */
export function copyParameters(params: Params): Record<string, tf.Tensor> {
  return mapValues(params, (tensor) => tf.tensor(tensor.dataSync().slice(), tensor.shape));
}

/** Trainable parameters with the values of `params`, which may be disposed afterwards. */
export function trainableParameters(params: Params): Record<string, tf.Variable> {
  return mapValues(copyParameters(params), (copy) => {
    const variable = tf.variable(copy, true);
    copy.dispose();
    return variable;
  });
}

/** @throws Error naming the first parameter that is missing, superfluous or of another shape */
export function checkParameters(config: ModelConfig, params: Params): void {
  const shapes = parameterShapes(config);
  const names = [...Object.keys(shapes), ...Object.keys(params)];
  for (const name of names) {
    const [expected, actual] = [shapes[name], params[name]?.shape];
    if (expected?.join() === actual?.join()) continue;
    throw new Error(
      `checkParameters: expected ${name} to be ${print(expected)}, got ${print(actual)}. Check ` +
        "that the checkpoint fits the config.",
    );
  }
}

function print(shape: readonly number[] | undefined): string {
  return shape ? `[${shape}]` : "absent";
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
