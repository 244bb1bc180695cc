import "@tensorflow/tfjs-backend-cpu";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { followingReference } from "../../src/train/reference-sync.ts";

beforeEach(() => tf.setBackend("ort"));
afterEach(() => tf.disposeVariables());

describe("train/reference-sync", () => {
  test("the reference moves towards the policy by its share", () => {
    const following = followingReference({ weight: tf.tensor1d([0, 4]) });
    following.follow({ weight: tf.tensor1d([4, 0]) }, 0.25);
    expect(following.params["weight"]?.arraySync()).toEqual([1, 3]);
    expect(Object.keys(following.variables)).toEqual(["reference.weight"]);
  });

  test("what it began as stays as it is, for programs that were compiled before, too", () => {
    const start = { weight: tf.tensor1d([0, 4]) };
    const following = followingReference(start);
    const read = jit((x: tf.Tensor1D) => tf.add(x, start.weight));
    const zero = tf.zeros([2]) as tf.Tensor1D;
    expect(read(zero).arraySync()).toEqual([0, 4]);
    following.follow({ weight: tf.tensor1d([4, 0]) }, 0.5);
    expect(read(zero).arraySync()).toEqual([0, 4]);
    expect(start.weight.arraySync()).toEqual([0, 4]);
    read.dispose();
  });
});
