/** A small regression model for tests of training steps. */
import { type TrainStep, type TrainStepOptions, trainStep } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { momentum } from "./rules.ts";

export type Batch = [tf.Tensor2D, tf.Tensor2D];

export interface Model {
  readonly params: { readonly hidden: tf.Variable; readonly out: tf.Variable };
  readonly loss: (
    x: tf.Tensor2D,
    y: tf.Tensor2D,
  ) => { loss: tf.Scalar; metrics: { mean: tf.Scalar } };
}

const wave = (n: number, k: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => 0.5 * Math.sin(k * i + k));

export function model(): Model {
  const hidden = tf.variable(tf.tensor2d(wave(12, 1.3), [3, 4]));
  const out = tf.variable(tf.tensor2d(wave(4, 0.7), [4, 1]));
  const loss: Model["loss"] = (x, y) => {
    const predicted = tf.matMul(tf.tanh(tf.matMul(x, hidden as tf.Tensor2D)), out as tf.Tensor2D);
    return {
      loss: tf.mean(tf.squaredDifference(predicted, y)),
      metrics: { mean: tf.mean(predicted) },
    };
  };
  return { params: { hidden, out }, loss };
}

export function batch(rows = 8): Batch {
  return [tf.tensor2d(wave(3 * rows, 2.1), [rows, 3]), tf.tensor2d(wave(rows, 0.9), [rows, 1])];
}

export function make(options: Partial<TrainStepOptions<Batch>> = {}): {
  step: TrainStep<Batch>;
  params: Model["params"];
} {
  const { params, loss } = model();
  return { step: trainStep<Batch>({ params, loss, rule: momentum, ...options }), params };
}

export const weights = (params: Model["params"]): Float32Array =>
  Float32Array.of(...params.hidden.dataSync(), ...params.out.dataSync());
