import { RandomStream } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { bestOfNKl } from "../../src/best-of-n/bounds.ts";
import { bestCompletion, bestOfNSummary, type PoolNumbers } from "../../src/best-of-n/summary.ts";
import { normals } from "../random.ts";

/** Sums in float64. */
const FLOAT64 = { atol: 1e-12, rtol: 1e-12 };

/** A pool whose gold scores are its proxy scores and noise, and longer where these are higher. */
function pool(size: number, seed: number): PoolNumbers {
  const [proxy, noise] = [normals(size, seed), normals(size, seed + 1000)];
  return {
    proxy,
    gold: proxy.map((x, i) => x + (noise[i] as number)),
    lengths: proxy.map((x) => Math.round(10 + 3 * x)),
    finished: Array.from(proxy, (x) => x < 0.5),
  };
}

/** Mean and standard error of what the best of n drawn without replacement has, by drawing. */
function resampled(
  { proxy, gold }: PoolNumbers,
  n: number,
  draws: number,
  random: RandomStream,
): { readonly mean: number; readonly error: number } {
  const values = Array.from({ length: draws }, () => {
    const left = Array.from(proxy, (_, i) => i);
    const drawn = Array.from({ length: n }, () => {
      return left.splice(Math.floor(random.uniform() * left.length), 1)[0] as number;
    });
    const best = drawn.reduce((a, b) => ((proxy[b] as number) > (proxy[a] as number) ? b : a));
    return gold?.[best] as number;
  });
  const mean = values.reduce((sum, x) => sum + x, 0) / draws;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (draws - 1) / draws) };
}

describe("best-of-n/summary", () => {
  test("agrees with drawing n of the pool again and again", () => {
    const random = new RandomStream(5, "resample");
    const numbers = pool(24, 1);
    const ns = [1, 2, 5, 16, 24];
    const summary = bestOfNSummary(ns);
    summary.add(numbers);
    for (const { n, gold } of summary.results()) {
      const { mean, error } = resampled(numbers, n, 4000, random);
      // Four standard errors, which one of 16000 draws exceeds; at n = N all draws are alike.
      expect(Math.abs((gold as number) - mean)).toBeLessThanOrEqual(4 * error + 1e-9);
    }
  });

  test("is unbiased for fresh pools: exact where every pool of two outcomes is enumerated", () => {
    // Completions are good (proxy 1, gold 3) with probability 0.3, else bad (proxy 0, gold -1).
    const [good, size] = [0.3, 5];
    const ns = [1, 2, 3, 4, 5];
    const expected = ns.map((n) => 3 - 4 * (1 - good) ** n);
    const mean = ns.map(() => 0);
    for (let outcome = 0; outcome < 2 ** size; outcome++) {
      const isGood = Array.from({ length: size }, (_, i) => ((outcome >> i) & 1) === 1);
      const probability = isGood.reduce((p, x) => p * (x ? good : 1 - good), 1);
      const summary = bestOfNSummary(ns);
      summary.add({
        proxy: isGood.map(Number),
        gold: isGood.map((x) => (x ? 3 : -1)),
        lengths: isGood.map(() => 1),
        finished: isGood,
      });
      summary.results().forEach(({ gold }, i) => {
        mean[i] = (mean[i] as number) + probability * (gold as number);
      });
    }
    expect(mean).toBeAllClose(expected, FLOAT64);
  });

  test("means are over prompts, and so are standard errors", () => {
    const summary = bestOfNSummary([1, 3]);
    const finished = [true, true, false];
    summary.add({ proxy: [1, 2, 3], gold: [0, 0, 6], lengths: [1, 1, 4], finished });
    summary.add({ proxy: [3, 2, 1], gold: [2, 0, 1], lengths: [2, 9, 1], finished });
    const [one, three] = summary.results();
    expect(one).toMatchObject({ n: 1, proxy: 2, proxyError: 0, gold: 1.5, goldError: 0.5 });
    expect(one).toMatchObject({ klBound: 0, length: 3 });
    expect(one?.eosRate).toBeAllClose(2 / 3, FLOAT64);
    expect(three).toEqual({
      ...{ n: 3, proxy: 3, proxyError: 0, gold: 4, goldError: 2 },
      ...{ klBound: bestOfNKl(3), length: 3, eosRate: 0.5 },
    });
  });

  test("without gold scores there are none, of a single prompt no errors", () => {
    const summary = bestOfNSummary([2]);
    summary.add({ ...pool(4, 2), gold: null });
    expect(summary.results()).toMatchObject([{ gold: null, goldError: null, proxyError: null }]);
    expect(() => summary.add(pool(4, 3))).toThrow("gold scores of all pools or of none");
  });

  test("too small a pool and no pool at all are errors", () => {
    const summary = bestOfNSummary([8]);
    expect(() => summary.results()).toThrow("at least one pool");
    expect(() => summary.add(pool(4, 1))).toThrow("the 4 completions");
  });

  test("the best completion is among the first n; the seed decides between equals", () => {
    const proxy = [1, 5, 5, 2, 9];
    const chosen = Array.from({ length: 64 }, (_, prompt) =>
      bestCompletion(proxy, 4, { seed: 3, prompt }),
    );
    expect(new Set(chosen)).toEqual(new Set([1, 2]));
    const again = Array.from({ length: 64 }, (_, prompt) =>
      bestCompletion(proxy, 4, { seed: 3, prompt }),
    );
    expect(again).toEqual(chosen);
    expect(bestCompletion(proxy, 5, { seed: 3, prompt: 0 })).toBe(4);
    expect(bestCompletion(proxy, 1, { seed: 3, prompt: 0 })).toBe(0);
    expect(() => bestCompletion(proxy, 6, { seed: 3, prompt: 0 })).toThrow("the 5 completions");
  });
});
