import { describe, expect, test } from "vitest";
import { bestOfNKl, bestOfNWinRate } from "../../src/best-of-n/bounds.ts";

/** Best-of-n of independent draws: probabilities, given those of outcomes by ascending score. */
function bestOfNProbabilities(outcomes: readonly number[], n: number): number[] {
  let below = 0;
  return outcomes.map((p) => {
    const before = below ** n;
    below += p;
    return below ** n - before;
  });
}

describe("best-of-n/bounds", () => {
  const divergence = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, x, i) => sum + (x > 0 ? x * Math.log(x / (q[i] as number)) : 0), 0);

  test("the KL of 1 is 0, of 4 log 4 - 3/4", () => {
    expect(bestOfNKl(1)).toBe(0);
    expect(bestOfNKl(4)).toBeAllClose(0.636294, { atol: 5.1e-7, rtol: 0 });
  });

  test("the KL is an upper bound for few outcomes, and exact for ever more", () => {
    for (const n of [2, 4, 16]) {
      const gapOf = (count: number) => {
        const reference = Array<number>(count).fill(1 / count);
        return bestOfNKl(n) - divergence(bestOfNProbabilities(reference, n), reference);
      };
      expect(gapOf(3)).toBeGreaterThan(0.01);
      expect(gapOf(1000)).toBeGreaterThan(0);
      expect(gapOf(100_000)).toBeLessThan(1e-3);
      expect(gapOf(100_000)).toBeLessThan(gapOf(1000));
    }
  });

  test("the win rate is the chance that the largest of n + 1 is among the first n", () => {
    expect(bestOfNWinRate(1)).toBe(0.5);
    expect(bestOfNWinRate(127)).toBe(127 / 128);
    const count = 2000;
    const reference = Array<number>(count).fill(1 / count);
    const best = bestOfNProbabilities(reference, 4);
    const wins = best.reduce((sum, p, i) => sum + (p * (i + 0.5)) / count, 0);
    expect(wins).toBeAllClose(bestOfNWinRate(4), { atol: 1e-6, rtol: 0 });
  });
});
