import "@tensorflow/tfjs-backend-cpu";
import { initialParameters } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { labelScores, rewardScores } from "../../src/reward/reward-model.ts";
import { classifierReward, learnedReward } from "../../src/scoring/model-reward.ts";
import { ROTARY, SCORING, tinyParameters } from "../tiny.ts";
import { idInput, NO_SIGNAL } from "./inputs.ts";

/** Sums over padded keys in another order. */
const FLOAT32 = { atol: 2e-5, rtol: 1e-5 };

const OPTIONS = { batchSize: 2, maxLength: 16 };
const INPUTS = [idInput([5, 6], [7, 1]), idInput([4], [3, 2, 1]), idInput([9, 9, 9], [1])];
const ROWS = [
  [5, 6, 7, 1],
  [4, 3, 2, 1],
  [9, 9, 9, 1],
];

beforeAll(() => tf.setBackend("cpu"));

describe("scoring/model-reward", () => {
  test("a learned reward is the normalised score of prompt and completion", async () => {
    const params = tinyParameters(SCORING);
    const model = { config: SCORING, params, normalization: { gain: 2, bias: -1 } };
    const reward = learnedReward(model, OPTIONS);
    const raw = tf.tidy(() => {
      const ids = tf.tensor2d(ROWS, [3, 4], "int32");
      return rewardScores(SCORING, params, ids, tf.onesLike(ids)).dataSync<"float32">();
    });
    const scores = await reward.score(INPUTS, NO_SIGNAL);
    expect(scores).toBeAllClose(
      raw.map((x) => 2 * x - 1),
      FLOAT32,
    );
    reward.dispose?.();
    tf.dispose(Object.values(params));
  });

  test("a model of another vocabulary is an error", async () => {
    const params = tinyParameters(SCORING);
    const normalization = { gain: 1, bias: 0 };
    const reward = learnedReward({ config: SCORING, params, normalization }, OPTIONS);
    await expect(reward.score([idInput([1], [23])], NO_SIGNAL)).rejects.toThrow(
      "ids below 23, the size of its vocabulary, got 23",
    );
    tf.dispose(Object.values(params));
  });

  test("a classifier gives the probability of its label, or the log-odds", async () => {
    const config = { ...ROTARY, labels: 3 };
    const params = initialParameters(config, 5);
    const softmax = tf.tidy(() => {
      const ids = tf.tensor2d(ROWS, [3, 4], "int32");
      const scores = labelScores(config, params, ids, tf.onesLike(ids));
      return tf.softmax(scores).arraySync() as number[][];
    });
    const expected = softmax.map((row) => row[2] as number);
    const of = async (output: "probability" | "log_odds") => {
      const reward = classifierReward({ config, params }, { ...OPTIONS, label: 2, output });
      const scores = await reward.score(INPUTS, NO_SIGNAL);
      reward.dispose?.();
      return scores;
    };
    expect(await of("probability")).toBeAllClose(expected, FLOAT32);
    expect(await of("log_odds")).toBeAllClose(
      expected.map((p) => Math.log(p / (1 - p))),
      FLOAT32,
    );
    expect(() =>
      classifierReward({ config, params }, { ...OPTIONS, label: 3, output: "probability" }),
    ).toThrow("got label 3 of 3");
    tf.dispose(params);
  });
});
