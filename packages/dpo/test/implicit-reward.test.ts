import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { implicitRewards, rewardAccuracies, rewardMargins } from "@preflab/dpo";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";

beforeAll(() => tf.setBackend("cpu"));

describe("implicit-reward", () => {
  it("rewards are beta times the log-ratio, of rows and of matrices", () => {
    const rewards = implicitRewards(tf.tensor1d([-10, -1]), tf.tensor1d([-12, 3]), 0.5);
    expect([...rewards.dataSync()]).toEqual([1, -2]);
    const matrix = implicitRewards(tf.tensor2d([[-10, -1]]), null, 0.5);
    expect(matrix.shape).toEqual([1, 2]);
    expect([...matrix.dataSync()]).toEqual([-5, -0.5]);
  });

  it("a tie is not an accurate order", () => {
    const rewards = {
      chosenRewards: tf.tensor1d([1, 1, 1]),
      rejectedRewards: tf.tensor1d([0, 1, 2]),
    };
    expect([...rewardMargins(rewards).dataSync()]).toEqual([1, 0, -1]);
    expect([...rewardAccuracies(rewards).dataSync()]).toEqual([1, 0, 0]);
  });
});
