/** Loss and gradients, as traced by both kinds of training step, and the gradients' global norm. */
import * as tf from "@tensorflow/tfjs-core";
import { TraceError } from "../errors.ts";

/** What a loss function returns: the scalar to minimise and further scalars to report. */
export interface LossOutput {
  /** Mean loss of the batch, nats. */
  readonly loss: tf.Scalar;
  readonly metrics?: Readonly<Record<string, tf.Scalar>>;
}

/** A loss over a batch; reads parameters as captured variables. */
export type LossFunction<Batch extends readonly tf.Tensor[]> = (...batch: Batch) => LossOutput;

/** Loss and gradients of one batch. */
export interface Gradients {
  readonly loss: tf.Scalar;
  readonly metrics: Readonly<Record<string, tf.Scalar>>;
  /** In the order of the parameters, each of its parameter's shape. */
  readonly grads: readonly tf.Tensor[];
}

/**
 * Differentiates `lossOf` with respect to every parameter.
 * @param weight factor of the gradients, not of the loss that is reported
 * @throws TraceError naming a parameter that the loss does not depend on
 */
export function gradients(
  params: Readonly<Record<string, tf.Variable>>,
  lossOf: () => LossOutput,
  weight?: tf.Scalar,
): Gradients {
  const kept: Record<string, tf.Scalar> = {};
  let unweighted: tf.Scalar | undefined;
  const { value, grads } = tf.variableGrads(() => {
    const { loss, metrics = {} } = lossOf();
    // The gradient's own tidy would dispose them with the other intermediates.
    for (const [name, metric] of Object.entries(metrics)) kept[name] = tf.keep(metric);
    if (!weight) return loss;
    unweighted = tf.keep(loss);
    return tf.mul(loss, weight);
  }, Object.values(params));
  const ordered = Object.entries(params).map(([name, variable]) => {
    const grad = grads[variable.name];
    if (grad) return grad;
    throw new TraceError(
      `trainStep: expected the loss to depend on every parameter, got no gradient for ${name}. ` +
        "Leave it out of params.",
    );
  });
  const metrics = Object.fromEntries(
    Object.entries(kept).map(([name, metric]) => [name, unkeep(metric)]),
  );
  return { loss: unweighted ? unkeep(unweighted) : value, metrics, grads: ordered };
}

/** Euclidean norm over all tensors together. */
export function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  const squares = tensors.map((tensor) => tf.sum(tf.square(tensor)) as tf.Scalar);
  return tf.sqrt(tf.addN(squares));
}

function unkeep(scalar: tf.Scalar): tf.Scalar {
  const copy = tf.clone(scalar);
  scalar.dispose();
  return copy;
}
