import { describe, expect, test } from "vitest";
import { normalizationOf, normalizeScores } from "../../src/reward/normalize.ts";
import { momentsOf } from "../../src/statistics/moments.ts";
import { normals } from "../random.ts";

/** Sums in float64. */
const FLOAT64 = { atol: 1e-12, rtol: 0 };

describe("reward/normalize", () => {
  test("gives mean 0 and deviation 1", () => {
    const scores = normals(100, 1).map((x) => 3 * x - 7);
    const { mean, variance } = momentsOf(
      normalizeScores(scores, normalizationOf(scores)),
      "population",
    );
    expect([mean, variance]).toBeAllClose([0, 1], FLOAT64);
  });

  test("of 1 and 5 is half of the score less 3/2", () => {
    expect(normalizationOf([1, 5])).toEqual({ gain: 0.5, bias: -1.5 });
  });

  test("keeps the order of scores", () => {
    const scores = [...normals(9, 2)];
    const normalized = [...normalizeScores(scores, normalizationOf(scores))];
    const ranks = (x: number[]) => x.map((a) => x.filter((b) => b < a).length);
    expect(ranks(normalized)).toEqual(ranks(scores));
  });

  test("of equal scores is an error", () => {
    expect(() => normalizationOf([2, 2, 2])).toThrow(
      "expected scores that differ, got 3 of mean 2",
    );
  });
});
