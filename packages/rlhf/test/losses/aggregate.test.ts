import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type Aggregation, aggregate, maskedMean } from "../../src/losses/aggregate.ts";
import { numberOf } from "./gradients.ts";

/** Rounding of float32. */
const FLOAT32 = { atol: 1e-6, rtol: 1e-6 };

beforeAll(() => tf.setBackend("cpu"));

describe("losses/aggregate", () => {
  const of = (rows: number[][], lengths: number[], how: Aggregation, longest?: number) =>
    numberOf(() => {
      const mask = rows.map((row, i) => row.map((_, t) => (t < (lengths[i] as number) ? 1 : 0)));
      return aggregate(tf.tensor2d(rows), tf.tensor2d(mask), how, longest);
    });

  // Of OpenRLHF's tests.
  const TOKENS = [
    [1, 2, 0],
    [3, 4, 5],
    [7, 0, 0],
  ];
  const LENGTHS = [2, 3, 1];
  const SEQUENCES = [
    [1, 3, 9],
    [2, 4, 0],
    [8, 0, 0],
  ];

  test("token_mean is the mean over all tokens", () => {
    expect(of(TOKENS, LENGTHS, "token_mean")).toBeAllClose(22 / 6, FLOAT32);
  });

  test("sequence_mean is the mean over completions of their means", () => {
    expect(of(SEQUENCES, [2, 2, 1], "sequence_mean")).toBeAllClose((2 + 3 + 8) / 3, FLOAT32);
  });

  test("constant divides by completions times the longest length", () => {
    expect(of(TOKENS, LENGTHS, "constant")).toBeAllClose(22 / 9, FLOAT32);
    expect(of(TOKENS, LENGTHS, "constant", 10)).toBeAllClose(22 / 30, FLOAT32);
  });

  test("numbers under the mask never count, and an empty mask gives 0", () => {
    for (const how of ["token_mean", "sequence_mean", "constant"] as const) {
      const noisy = TOKENS.map((row, i) =>
        row.map((x, t) => (t < (LENGTHS[i] as number) ? x : 99)),
      );
      expect(of(noisy, LENGTHS, how)).toBe(of(TOKENS, LENGTHS, how));
      expect(of(TOKENS, [0, 0, 0], how)).toBe(0);
    }
  });

  test("the masked mean of torchtune's examples is 2, and 2 and 5 by rows", () => {
    const mean = (numbers: number[], mask: number[]) =>
      numberOf(() => maskedMean(tf.tensor2d([numbers]), tf.tensor2d([mask])));
    expect(mean([1, 2, 3, 4, 5], [1, 1, 1, 0, 0])).toBe(2);
    expect(mean([1, 2, 3, 4], [0, 1, 1, 0])).toBe(2.5);
  });
});
