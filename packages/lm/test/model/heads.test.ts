import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { atLastToken, scalars } from "../../src/heads.ts";

describe("heads", () => {
  test("a scalar is the product of hidden state and weight, plus the bias", () => {
    tf.tidy(() => {
      const hidden = tf.tensor3d([1, 2, 3, 4, 5, 6], [1, 3, 2]);
      const weight = tf.tensor2d([10, 1], [2, 1]);
      expect(scalars(hidden, weight).arraySync()).toEqual([[12, 34, 56]]);
      expect(scalars(hidden, weight, tf.tensor1d([-6])).arraySync()).toEqual([[6, 28, 50]]);
    });
  });

  test("the last token is the last real one, whatever the padding", () => {
    tf.tidy(() => {
      const mask = tf.tensor2d(
        [
          [1, 1, 1, 1],
          [0, 0, 1, 1],
          [1, 1, 0, 0],
          [1, 0, 0, 0],
        ],
        [4, 4],
        "int32",
      );
      const perToken = tf.reshape(tf.range(0, 16), [4, 4]) as tf.Tensor2D;
      expect([...atLastToken(perToken, mask).dataSync()]).toEqual([3, 7, 9, 12]);
    });
  });

  test("gradients reach the last token alone", () => {
    tf.tidy(() => {
      const mask = tf.tensor2d([[0, 1, 1, 0]], [1, 4], "int32");
      const gradient = tf.grad((x) => tf.sum(atLastToken(x as tf.Tensor2D, mask)));
      expect([...gradient(tf.zeros([1, 4])).dataSync()]).toEqual([0, 0, 1, 0]);
    });
  });
});
