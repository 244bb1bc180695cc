import "@tensorflow/tfjs-backend-cpu";
// Registers the gradients of tfjs-core.
import "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { logCollisions } from "../../src/scoring/collisions.ts";

// A few float32 operations.
const ROUNDING = { atol: 1e-5, rtol: 1e-5 };

describe("scoring/collisions", () => {
  beforeAll(() => tf.setBackend("cpu"));

  test("two draws from a fair coin agree half the time", () => {
    const factors = { hidden: tf.tensor2d([[7]]), head: tf.tensor2d([[1], [1]]) };
    expect(logCollisions(factors).dataSync()).toBeAllClose(Math.log(0.5), ROUNDING);
  });

  test("it is the log of the sum of squared probabilities, with gradient zero", () => {
    const head = tf.randomNormal<tf.Rank.R2>([11, 3], 0, 2, "float32", 1);
    const hidden = tf.randomNormal<tf.Rank.R2>([5, 3], 0, 2, "float32", 2);
    const probabilities = tf.softmax(tf.matMul(hidden, head, false, true));
    const expected = tf.log(tf.sum(tf.square(probabilities), 1));
    const { value, grads } = tf.valueAndGrads((hidden, head) =>
      tf.sum(logCollisions({ hidden: hidden as tf.Tensor2D, head: head as tf.Tensor2D })),
    )([hidden, head]);
    expect(value.dataSync()).toBeAllClose(tf.sum(expected).dataSync(), ROUNDING);
    for (const grad of grads) expect(tf.max(tf.abs(grad)).dataSync()[0]).toBe(0);
  });
});
