/** Values of variables, for checkpoints in memory. */

import type { Params, Variables } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";

/** Copies. */
export function valuesOf(tensors: Params): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, x]) => [name, x.dataSync<"float32">().slice()]),
  );
}

/** Gives variables the values of a checkpoint. */
export function assignValues(
  variables: Variables,
  values: Readonly<Record<string, Float32Array>>,
): void {
  for (const [name, variable] of Object.entries(variables)) {
    const value = tf.tensor(values[name] as Float32Array, variable.shape);
    variable.assign(value);
    value.dispose();
  }
}
