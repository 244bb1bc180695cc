import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";

beforeEach(() => tf.setBackend("ort"));

describe("jit: hostile values", () => {
  const gather = jit((x: tf.Tensor, at: tf.Tensor) => tf.gather(x, at as tf.Tensor1D));
  const rows = (): tf.Tensor => tf.tensor2d([1, 2, 3, 4], [2, 2]);

  for (const index of [2, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    it(`an index of ${index} into 2 rows is an error, compiled, eager and on cpu`, async () => {
      expect(() => gather(rows(), tf.tensor1d([0, index], "int32"))).toThrow();
      expect(() => tf.gather(rows(), tf.tensor1d([0, index], "int32"))).toThrow();
      await tf.setBackend("cpu");
      expect(() => tf.gather(rows(), tf.tensor1d([0, index], "int32"))).toThrow();
    });
  }

  it("the function works again after such an error", () => {
    expect(() => gather(rows(), tf.tensor1d([0, 9], "int32"))).toThrow();
    expect([...gather(rows(), tf.tensor1d([1, 0], "int32")).dataSync()]).toEqual([3, 4, 1, 2]);
  });

  it("a failed run changes no variable and can be repeated", () => {
    const count = tf.variable(tf.scalar(0));
    const step = jit((at: tf.Tensor) => {
      count.assign(tf.add(count, 1));
      return tf.gather(rows(), at as tf.Tensor1D);
    });
    step(tf.tensor1d([0], "int32"));
    expect(() => step(tf.tensor1d([5], "int32"))).toThrow();
    expect(count.dataSync()[0]).toBe(1);
    step(tf.tensor1d([1], "int32"));
    expect(count.dataSync()[0]).toBe(2);
  });

  it("NaN and infinities reach every element that depends on them and no other", () => {
    const fn = jit((x: tf.Tensor2D) => tf.matMul(x, tf.eye(2)));
    const [a, b, c, d] = fn(tf.tensor2d([Number.NaN, 1, 2, 3], [2, 2])).dataSync();
    expect([a, b, c, d]).toEqual([Number.NaN, Number.NaN, 2, 3]);
    const sum = jit((x: tf.Tensor) => tf.sum(x, 1));
    const values = sum(tf.tensor2d([Infinity, -Infinity, Infinity, 1], [2, 2])).dataSync();
    expect([...values]).toEqual([Number.NaN, Infinity]);
  });

  it("shapes that do not fit are an error with both shapes, and nothing is compiled", () => {
    const fn = jit((x: tf.Tensor2D, y: tf.Tensor2D) => tf.matMul(x, y));
    expect(() => fn(tf.ones([2, 3]), tf.ones([2, 3]))).toThrow(
      "expected equal inner dimensions, got 3 and 2 of [2,3] and [2,3]",
    );
    expect(fn.graphs()).toHaveLength(0);
  });

  it("an argument of another type is another signature, not a reinterpretation", () => {
    const fn = jit((x: tf.Tensor) => tf.add(x, x));
    expect(fn(tf.tensor1d([1.5])).dataSync()[0]).toBe(3);
    expect(fn(tf.tensor1d([3], "int32")).dataSync()[0]).toBe(6);
  });
});
