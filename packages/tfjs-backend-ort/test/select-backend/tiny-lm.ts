/**
 * A causal transformer with one layer, written in plain tfjs ops, and a training run on it: one
 * program for every backend. Small, but with the ops of the real one: embeddings, layer norm,
 * attention with a mask, GELU, cross-entropy, Adam.
 */
import * as tf from "@tensorflow/tfjs-core";

const B = 4; // sequences in a batch
const T = 8; // tokens in a sequence
const V = 13; // vocabulary
const D = 16; // model width
const H = 2; // heads
const LEARNING_RATE = 0.01;
const MASKED = -1e9;

/** Makes a function of tensors into the one that training calls, for example `jit`. */
export type Compile = (
  step: (ids: tf.Tensor2D, targets: tf.Tensor2D) => tf.Scalar,
) => (ids: tf.Tensor2D, targets: tf.Tensor2D) => tf.Scalar;

/** Result of {@link trainTinyLm}. */
export interface TrainingRun {
  /** Mean cross-entropy before each update, nats. */
  readonly losses: readonly number[];
  /** All weights after the last update, one after the other. */
  readonly weights: readonly number[];
}

interface Weights {
  readonly embedding: tf.Variable; // [V, D]
  readonly positions: tf.Variable; // [T, D]
  readonly qkv: tf.Variable; // [D, 3D]
  readonly out: tf.Variable; // [D, D]
  readonly up: tf.Variable; // [D, 4D]
  readonly down: tf.Variable; // [4D, D]
  readonly gain: tf.Variable; // [D]
  readonly bias: tf.Variable; // [D]
}

/** Trains on the current backend, always from the same weights and on the same tokens. */
export function trainTinyLm(steps: number, compile: Compile): TrainingRun {
  const weights = initial();
  const optimizer = tf.train.adam(LEARNING_RATE);
  const step = compile((ids, targets) => {
    const { value, grads } = tf.variableGrads(() => loss(weights, ids, targets));
    optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    return value;
  });
  const ids = tf.randomUniform([B, T + 1], 0, V, "int32", 7) as tf.Tensor2D;
  const inputs = tf.slice(ids, [0, 0], [B, T]);
  const targets = tf.slice(ids, [0, 1], [B, T]);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const value = step(inputs, targets);
    losses.push(value.dataSync()[0] as number);
    value.dispose();
  }
  const all = Object.values<tf.Variable>({ ...weights });
  const trained = all.flatMap((variable) => [...variable.dataSync()]);
  tf.dispose([ids, inputs, targets, ...all]);
  optimizer.dispose();
  return { losses, weights: trained };
}

function initial(): Weights {
  let seed = 0;
  const normal = (...shape: number[]): tf.Variable =>
    tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, 0.2, "float32", ++seed)));
  return {
    embedding: normal(V, D),
    positions: normal(T, D),
    qkv: normal(D, 3 * D),
    out: normal(D, D),
    up: normal(D, 4 * D),
    down: normal(4 * D, D),
    gain: tf.tidy(() => tf.variable(tf.ones([D]))),
    bias: tf.tidy(() => tf.variable(tf.zeros([D]))),
  };
}

function loss(weights: Weights, ids: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  const { embedding, positions } = weights;
  let x: tf.Tensor = tf.add(tf.gather(embedding, ids), positions); // [B, T, D]
  x = tf.add(x, attention(weights, norm(weights, x)));
  x = tf.add(x, linear(gelu(linear(norm(weights, x), weights.up)), weights.down));
  const logits = linear(norm(weights, x), tf.transpose(embedding)); // [B, T, V]
  const picked = tf.mul(tf.logSoftmax(logits), tf.oneHot(targets, V));
  return tf.neg(tf.mean(tf.sum(picked, -1)));
}

function attention({ qkv, out }: Weights, x: tf.Tensor): tf.Tensor {
  const [q, k, v] = tf.split(linear(x, qkv), 3, -1).map(
    (part) => tf.transpose(tf.reshape(part, [B, T, H, D / H]), [0, 2, 1, 3]), // [B, H, T, K]
  ) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const scores = tf.div(tf.matMul(q, k, false, true), Math.sqrt(D / H)); // [B, H, T, T]
  const positions = tf.range(0, T, 1, "int32");
  const visible = tf.greaterEqual(tf.reshape(positions, [T, 1]), tf.reshape(positions, [1, T]));
  const mixed = tf.matMul(tf.softmax(tf.where(visible, scores, tf.scalar(MASKED))), v);
  return linear(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [B, T, D]), out);
}

function norm({ gain, bias }: Weights, x: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const unit = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(unit, gain), bias);
}

/** The tanh approximation. */
function gelu(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

function linear(x: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  const [rows, columns] = [x.shape.slice(0, -1), weight.shape[1] as number];
  const flat = tf.matMul(tf.reshape(x, [-1, weight.shape[0] as number]), weight as tf.Tensor2D);
  return tf.reshape(flat, [...rows, columns]);
}
