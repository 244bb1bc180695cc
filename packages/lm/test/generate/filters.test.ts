import { selectBackend } from "@preflab/tfjs-backend-ort";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import { type Choice, choose, invertCumulative } from "../../src/generate/draw.ts";
import {
  EXCLUDED,
  minP,
  repetitionPenalty,
  temper,
  topK,
  topP,
} from "../../src/generate/filters.ts";
import { RandomStream } from "../../src/rng.ts";
import { drawFrom, nextDistribution, type ReferenceOptions } from "./reference.ts";

/** Sums of float32 probabilities in another order than the reference's float64 ones. */
const PROBABILITY = { atol: 2e-6, rtol: 1e-5 };
/** Noise so close to a boundary between two tokens may draw either. */
const TIE = 1e-5;

/** Takes the likeliest token. */
const GREEDY: Choice = {
  temperature: null,
  topK: null,
  topP: null,
  nucleus: 1024,
  minP: null,
  penalty: null,
  banned: null,
};

const X = EXCLUDED;
const logsOf = (...rows: number[][]) => tf.tensor2d(rows.map((row) => row.map(Math.log)));

describe.each(["cpu", "ort"] as const)("generate/filters on backend %s", (backend) => {
  beforeEach(async () => {
    await selectBackend(backend);
  });

  test("the penalty divides positive and multiplies negative logits of seen tokens, once", () => {
    const logits = tf.tensor2d([
      [4, -4, 0, 2],
      [4, -4, 0, 2],
    ]);
    const history = tf.tensor2d(
      [
        [0, 1, 1, 2],
        [3, 3, 3, 3],
      ],
      [2, 4],
      "int32",
    );
    const penalized = repetitionPenalty(logits, history, tf.scalar(2));
    expect(penalized.arraySync()).toEqual([
      [2, -8, 0, 2],
      [4, -4, 0, 1],
    ]);
  });

  test("a temperature divides the logits", () => {
    expect(temper(tf.tensor2d([[1, -2]]), tf.scalar(0.5)).arraySync()).toEqual([[2, -4]]);
  });

  test("top-k keeps the k largest, and equals of the last", () => {
    const logits = tf.tensor2d([
      [1, 3, 2, 0],
      [5, 1, 1, 1],
    ]);
    expect(topK(logits, 2).arraySync()).toEqual([
      [X, 3, 2, X],
      [5, 1, 1, 1],
    ]);
    expect(topK(logits, 9).arraySync()).toEqual(logits.arraySync());
  });

  test("top-p keeps the fewest of the likeliest that reach p, and equals of the last", () => {
    const logits = logsOf([0.5, 0.125, 0.25, 0.125], [0.25, 0.25, 0.25, 0.25]);
    const kept = (p: number) =>
      (topP(logits, tf.scalar(p)).kept.arraySync() as number[][]).map((row) =>
        row.map((logit) => logit > X),
      );
    const all = [true, true, true, true];
    expect(kept(0.4)).toEqual([[true, false, false, false], all]);
    expect(kept(0.6)).toEqual([[true, false, true, false], all]);
    expect(kept(0.8)).toEqual([all, all]);
    expect(kept(1e-6)[0]).toEqual([true, false, false, false]);
  });

  test("min-p keeps tokens with at least a share of the highest probability", () => {
    const kept = minP(logsOf([0.5, 0.3, 0.15, 0.05]), tf.scalar(0.25)).arraySync() as number[][];
    expect(kept[0]?.map((logit) => logit > X)).toEqual([true, true, true, false]);
    const best = minP(logsOf([0.5, 0.3, 0.15, 0.05]), tf.scalar(1)).arraySync() as number[][];
    expect(best[0]?.map((logit) => logit > X)).toEqual([true, false, false, false]);
  });

  test("noise draws the token in whose part of [0, 1) it lies", () => {
    const draw = (noise: number) =>
      invertCumulative(logsOf([0.5, 0.25, 0.25]), tf.tensor2d([[noise]])).dataSync()[0];
    expect([0, 0.49, 0.51, 0.74, 0.76, 1 - 2 ** -24].map(draw)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test("evenly spread noise draws tokens as often as they are likely", () => {
    const draws = 4096;
    const probabilities = [0.03, 0.4, 0, 0.07, 0.5];
    const rows = Array<number[]>(draws).fill(probabilities);
    const noise = Array.from({ length: draws }, (_, i) => [i / draws]);
    const ids = [...invertCumulative(logsOf(...rows), tf.tensor2d(noise)).dataSync()];
    probabilities.forEach((probability, id) => {
      const count = ids.filter((drawn) => drawn === id).length;
      expect(Math.abs(count - probability * draws)).toBeLessThanOrEqual(1);
    });
  });

  test("excluded tokens are never drawn, whatever the noise", () => {
    const logits = tf.tensor2d([
      [X, 1, X, 0, X],
      [X, 1, X, 0, X],
    ]);
    const noise = tf.tensor2d([[0], [1 - 2 ** -24]]);
    expect([...invertCumulative(logits, noise).dataSync()]).toEqual([1, 3]);
  });

  test("log-probabilities are the model's, at temperature 1 and at the temperature", () => {
    const logits = logsOf([0.5, 0.25, 0.25]);
    const choice = { ...GREEDY, temperature: tf.scalar(0.5), topK: 1 };
    const drawn = choose(logits, choice, tf.tensor2d([[0.9]]), null);
    expect(drawn.ids.dataSync()[0]).toBe(0);
    expect(drawn.logps.dataSync()).toBeAllClose([Math.log(0.5)], PROBABILITY);
    // 0.5^2 of 0.5^2 + 2 * 0.25^2
    expect(drawn.temperedLogps?.dataSync()).toBeAllClose([Math.log(0.25 / 0.375)], PROBABILITY);
    const greedy = choose(logits, GREEDY, null, null);
    expect(greedy.ids.dataSync()[0]).toBe(0);
    expect(greedy.temperedLogps).toBeNull();
  });

  const settings: ReferenceOptions[] = [
    {},
    { temperature: 0.7 },
    { temperature: 1.5, topK: 5 },
    { topP: 0.8 },
    { topK: 12, topP: 0.6 },
    { minP: 0.1 },
    { temperature: 0.8, penalty: 1.3 },
    { temperature: 1.2, topK: 20, topP: 0.9, minP: 0.05, penalty: 0.8 },
  ];

  test.each(settings)("a sort of plain numbers agrees: %o", (options) => {
    const [rows, vocabulary] = [24, 40];
    const stream = new RandomStream(7, "filters");
    const numbers = new Float32Array(rows * vocabulary);
    stream.fillNormal(numbers, 2);
    const logits = tf.tensor2d(numbers, [rows, vocabulary]);
    const history = Array.from({ length: rows }, () =>
      Array.from({ length: 6 }, () => stream.uint32() % vocabulary),
    );
    const noise = Array.from({ length: rows }, () => (stream.uint32() >>> 8) / 2 ** 24);
    const scalar = (value: number | undefined) => (value === undefined ? null : tf.scalar(value));
    const choice: Choice = {
      ...GREEDY,
      temperature:
        options.temperature === undefined ? (1 as const) : tf.scalar(options.temperature),
      topK: options.topK ?? null,
      topP: scalar(options.topP),
      minP: scalar(options.minP),
      penalty: scalar(options.penalty),
    };
    const drawn = choose(
      logits,
      choice,
      tf.tensor2d(noise, [rows, 1]),
      tf.tensor2d(history, [rows, 6], "int32"),
    );
    const ids = drawn.ids.dataSync();
    const scores = logits.arraySync();
    for (let row = 0; row < rows; row++) {
      const distribution = nextDistribution(
        scores[row] as number[],
        history[row] as number[],
        options,
      );
      const u = noise[row] as number;
      const possible = [u - TIE, u, u + TIE].map((noise) => drawFrom(distribution, noise));
      expect(possible, `row ${row}`).toContain(ids[row]);
      const own = nextDistribution(scores[row] as number[], [], {
        temperature: options.temperature ?? 1,
      });
      const logps = drawn.temperedLogps ?? drawn.logps;
      expect(logps.dataSync()[row]).toBeCloseTo(Math.log(own[ids[row] as number] as number), 4);
    }
  });
});
