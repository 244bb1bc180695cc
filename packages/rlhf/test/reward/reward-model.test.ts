import "@tensorflow/tfjs-backend-cpu";
import { checkParameters, type Params, padRows } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rewardScores, withScoreHead } from "../../src/reward/reward-model.ts";
import { scorer } from "../../src/reward/scorer.ts";
import { momentsOf } from "../../src/statistics/moments.ts";
import { ROTARY, SCORING, tinyParameters } from "../tiny.ts";

/** Sums over padded keys in another order. */
const FLOAT32 = { atol: 2e-5, rtol: 1e-5 };

const TEXTS = [[5, 6, 7, 8, 9], [5, 6, 1], [4], [9, 9, 2, 1]];

let params: Params;
beforeAll(async () => {
  await tf.setBackend("cpu");
  params = tinyParameters(SCORING);
});
afterAll(() => tf.dispose(Object.values(params)));

function scoresOf(side: "left" | "right", fillId = 0): Float32Array {
  return tf.tidy(() => {
    const { ids, mask, shape } = padRows(TEXTS, { side, fillId });
    const [tokens, real] = [ids, mask].map((data) => tf.tensor2d(data, [...shape], "int32")) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    return rewardScores(SCORING, params, tokens, real).dataSync<"float32">();
  });
}

describe("reward/reward-model", () => {
  test("scores depend on the last real token, not on padding, its side or its id", () => {
    const right = scoresOf("right");
    expect(momentsOf(right, "population").variance).toBeGreaterThan(0.01);
    expect(scoresOf("left")).toBeAllClose(right, FLOAT32);
    expect(scoresOf("right", 17)).toBeAllClose(right, FLOAT32);
    expect(scoresOf("left", 1)).toBeAllClose(right, FLOAT32);
  });

  test("a scorer gives every text its own score, in the order given", async () => {
    const model = scorer((ids, mask) => rewardScores(SCORING, params, ids, mask), {
      batchSize: 3,
      maxLength: 8,
    });
    expect(await model.score(TEXTS)).toBeAllClose(scoresOf("right"), FLOAT32);
    expect(await model.score([])).toEqual(new Float64Array());
    await expect(model.score([[1], []])).rejects.toThrow("got 0 in text 1");
    await expect(model.score([Array<number>(9).fill(2)])).rejects.toThrow("1 to 8 tokens, got 9");
    model.dispose();
  });

  test("a language model with a new head is a reward model that begins near 0", () => {
    const languageModel = tinyParameters(ROTARY);
    const made = withScoreHead(ROTARY, languageModel, { seed: 3, deviation: 0.02 });
    checkParameters(made.config, made.params);
    expect(made.config).toEqual(SCORING);
    const head = made.params["score.weight"]?.dataSync<"float32">() as Float32Array;
    expect(Math.sqrt(momentsOf(head, "population").variance)).toBeAllClose(0.02, {
      atol: 0.01,
      rtol: 0,
    });
    tf.dispose([Object.values(languageModel), Object.values(made.params)]);
  });

  test("a language model has no scores", () => {
    const ids = tf.tensor2d([[1, 2]], [1, 2], "int32");
    expect(() => rewardScores(ROTARY, params, ids, ids)).toThrow("got no labels");
    ids.dispose();
  });
});
