import { describe, expect, test } from "vitest";
import { bestOfN } from "../../src/best-of-n/estimate.ts";
import { normals } from "../random.ts";

/** Sums in float64. */
const FLOAT64 = { atol: 1e-12, rtol: 1e-12 };

/** All ways to choose n of 0 to total - 1. */
function subsets(total: number, n: number, first = 0): number[][] {
  if (n === 0) return [[]];
  const rest = Array.from({ length: total - first }, (_, i) => first + i);
  return rest.flatMap((i) => subsets(total, n - 1, i + 1).map((tail) => [i, ...tail]));
}

/** The mean over all ways to draw, ties decided by chance. */
function enumerated(proxy: number[], gold: number[], n: number): number {
  const draws = subsets(proxy.length, n).map((draw) => {
    const best = Math.max(...draw.map((i) => proxy[i] as number));
    const winners = draw.filter((i) => proxy[i] === best);
    return winners.reduce((sum, i) => sum + (gold[i] as number), 0) / winners.length;
  });
  return draws.reduce((sum, x) => sum + x, 0) / draws.length;
}

describe("best-of-n/estimate", () => {
  test("is the mean over all ways to draw n, for every n", () => {
    const [proxy, gold] = [[...normals(8, 1)], [...normals(8, 2)]];
    for (let n = 1; n <= 8; n++) {
      expect(bestOfN(proxy, gold, n)).toBeAllClose(enumerated(proxy, gold, n), FLOAT64);
    }
  });

  test("so it is where proxy scores are equal", () => {
    const proxy = [1, 3, 3, 2, 1, 3, 2];
    const gold = [...normals(7, 3)];
    for (let n = 1; n <= 7; n++) {
      expect(bestOfN(proxy, gold, n)).toBeAllClose(enumerated(proxy, gold, n), FLOAT64);
    }
  });

  test("of one is the mean, of all the best", () => {
    expect(bestOfN([1, 2, 3], [30, 20, 40], 1)).toBeAllClose(30, FLOAT64);
    expect(bestOfN([1, 2, 3], [30, 20, 40], 3)).toBe(40);
  });

  test("is exact for pools of thousands, whose binomial coefficients are not numbers", () => {
    const pool = Array.from({ length: 5000 }, (_, i) => i + 1);
    // The largest of n of the numbers 1 to N is n (N + 1) / (n + 1) on average.
    for (const n of [1, 2, 128, 4999, 5000]) {
      expect(bestOfN(pool, pool, n)).toBeAllClose((n * 5001) / (n + 1), { atol: 0, rtol: 1e-11 });
    }
  });

  test("n beyond the pool, missing and broken scores are errors", () => {
    expect(() => bestOfN([1, 2], [1, 2], 3)).toThrow("from 1 to the 2 completions");
    expect(() => bestOfN([1, 2], [1], 1)).toThrow("got 1 for 2");
    expect(() => bestOfN([1, Number.NaN], [1, 2], 1)).toThrow("none of these NaN");
  });
});
