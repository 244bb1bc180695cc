/** Losses with their gradients with respect to the policy's log-probabilities, for checks. */

import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Configured } from "./objective.ts";

/** Losses, rewards and gradients. */
export interface Differentiated<Result, Gradients> {
  readonly result: Result;
  /** In the shapes of the log-probabilities. */
  readonly gradients: Gradients;
}

/**
 * Evaluates an objective and, row by row, `d loss[i] / d logps[i]`; for objectives that sort the
 * batch, the gradient of its mean loss. Disposes nothing: run it in a tidy.
 * @param names which log-probabilities of the batch to differentiate with respect to
 */
export function lossGradients<
  Name extends string,
  Batch extends Readonly<Record<Name, Tensor>>,
  Result extends { readonly losses: Tensor1D },
>(
  objective: Configured<string, Batch, Result>,
  batch: Batch,
  names: readonly Name[],
): Differentiated<Result, Readonly<Record<Name, Tensor>>> {
  const total = (): Tensor => {
    const { losses } = objective.evaluate(batch);
    return objective.batchLevel ? tf.mean(losses) : tf.sum(losses);
  };
  const inputs = names.map((name): Tensor => batch[name]);
  // Unlike tf.grads it takes functions that do not depend on all of their inputs.
  const { grads } = tf.engine().gradients(total, inputs, undefined, true);
  const entries = names.map((name, k) => [name, grads[k] ?? tf.zerosLike(batch[name])]);
  return {
    result: objective.evaluate(batch),
    gradients: Object.fromEntries(entries) as Record<Name, Tensor>,
  };
}
