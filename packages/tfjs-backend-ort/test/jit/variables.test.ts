import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";

/**
 * Both backends sum in different orders, so gradients differ by about 1e-5 of their size. Adaptive
 * steps are lr = 0.05 long whatever the gradient's size, so 20 of them differ by up to 1e-5.
 */
const AFTER_TRAINING = { rtol: 2e-5, atol: 1e-5 };

beforeEach(() => tf.setBackend("ort"));

const value = (tensor: tf.Tensor): number => tensor.dataSync()[0] as number;

describe("jit: variables and captured tensors", () => {
  it("reads variables live", () => {
    const weight = tf.variable(tf.scalar(2));
    const fn = jit((x: tf.Tensor) => tf.mul(x, weight));
    expect(value(fn(tf.scalar(3)))).toBe(6);
    weight.assign(tf.scalar(10));
    expect(value(fn(tf.scalar(3)))).toBe(30);
  });

  it("fixes captured tensors, small and large, and outlives them", () => {
    const small = tf.scalar(2);
    const large = tf.fill([100], 3);
    const fn = jit((x: tf.Tensor) => tf.sum(tf.mul(tf.mul(large, small), x)));
    expect(value(fn(tf.scalar(1)))).toBe(600);
    tf.dispose([small, large]);
    expect(value(fn(tf.scalar(1)))).toBe(600);
    fn.dispose();
  });

  it("updates variables it assigns, over many runs", () => {
    const count = tf.variable(tf.zeros([3]));
    const step = jit((by: tf.Tensor) => count.assign(tf.add(count, by)));
    for (let i = 0; i < 5; i++) step(tf.tensor1d([1, 10, 100]));
    expect([...count.dataSync()]).toEqual([5, 50, 500]);
  });

  it("does not change what was read, cloned or sliced before", () => {
    const weight = tf.variable(tf.tensor1d([1, 2, 3]));
    const step = jit(() => weight.assign(tf.add(weight, 1)));
    const initial = Float32Array.of(1, 2, 3);
    const readers: (() => ArrayLike<number>)[] = [];
    for (let i = 0; i < 4; i++) {
      const read = weight.dataSync();
      const clone = weight.clone();
      const slice = tf.slice(weight, [0], [2]);
      const expected = initial.map((x) => x + i);
      readers.push(() => {
        expect([...read]).toEqual([...expected]);
        expect([...clone.dataSync()]).toEqual([...expected]);
        expect([...slice.dataSync()]).toEqual([...expected.subarray(0, 2)]);
        return read;
      });
      step();
    }
    for (const check of readers) check();
  });

  it("does not write into the array a variable was made from", () => {
    const source = Float32Array.of(1, 2);
    const weight = tf.variable(tf.tensor1d(source));
    const step = jit(() => weight.assign(tf.mul(weight, 2)));
    for (let i = 0; i < 3; i++) step();
    expect([...source]).toEqual([1, 2]);
    expect([...weight.dataSync()]).toEqual([8, 16]);
  });

  it("swaps two variables", () => {
    const a = tf.variable(tf.scalar(1));
    const b = tf.variable(tf.scalar(2));
    const swap = jit(() => {
      const old = tf.clone(a);
      a.assign(b);
      b.assign(old as tf.Scalar);
    });
    swap();
    expect([value(a), value(b)]).toEqual([2, 1]);
    swap();
    expect([value(a), value(b)]).toEqual([1, 2]);
  });

  it("leaves variables unchanged when the function throws while traced", () => {
    const weight = tf.variable(tf.scalar(1));
    const fn = jit(() => {
      weight.assign(tf.scalar(5));
      throw new Error("on purpose");
    });
    const before = tf.memory().numTensors;
    expect(() => fn()).toThrow("on purpose");
    expect(value(weight)).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  for (const [name, make] of Object.entries({
    adam: () => tf.train.adam(0.05),
    momentum: () => tf.train.momentum(0.05, 0.9),
    rmsprop: () => tf.train.rmsprop(0.05),
    adagrad: () => tf.train.adagrad(0.05),
  })) {
    it(`trains with an unmodified tf.train.${name} as the cpu backend does`, async () => {
      const compiled = train(make(), true);
      await tf.setBackend("cpu");
      const expected = train(make(), false);
      expect(compiled.losses).toBeAllClose(expected.losses, AFTER_TRAINING);
      expect(compiled.weights).toBeAllClose(expected.weights, AFTER_TRAINING);
      expect(compiled.losses.at(-1)).toBeLessThan(compiled.losses[0] as number);
    });
  }
});

/** Twenty steps of a two-layer network on fixed data. */
function train(
  optimizer: tf.Optimizer,
  compiled: boolean,
): { losses: number[]; weights: Float32Array } {
  const wave = (n: number, k: number): Float32Array =>
    Float32Array.from({ length: n }, (_, i) => 0.5 * Math.sin(k * i + k));
  const hidden = tf.variable(tf.tensor2d(wave(12, 1.3), [3, 4]));
  const out = tf.variable(tf.tensor2d(wave(4, 0.7), [4, 1]));
  const x = tf.tensor2d(wave(24, 2.1), [8, 3]);
  const y = tf.tensor2d(wave(8, 0.9), [8, 1]);
  const loss = (): tf.Scalar =>
    tf.mean(tf.squaredDifference(tf.matMul(tf.tanh(tf.matMul(x, hidden)), out), y)) as tf.Scalar;
  const minimize = (): tf.Scalar => optimizer.minimize(loss, true, [hidden, out]) as tf.Scalar;
  const step = compiled ? jit(minimize) : minimize;
  const losses = Array.from({ length: 20 }, () => value(step()));
  return { losses, weights: Float32Array.of(...hidden.dataSync(), ...out.dataSync()) };
}
