import { describe, expect, test } from "vitest";
import { momentsOf } from "../../src/statistics/moments.ts";
import { whiten } from "../../src/statistics/whiten.ts";
import { ARRAYS, flat, goldenRows } from "../golden.ts";

/** Digits that are printed. */
const PRINTED = { atol: 5.1e-5, rtol: 0 };
/** Sums in float64. */
const FLOAT64 = { atol: 1e-12, rtol: 0 };

const rows = (...numbers: number[][]) => numbers.map((row) => Float64Array.from(row));
// Of the article The N implementation details of RLHF with PPO.
const ARTICLE = rows([1.2, 1.3, 1.4], [1.5, 1.6, 1.7], [1.8, 1.9, 2]);

describe("statistics/whiten", () => {
  test("of the published example, with either variance, is as published", () => {
    const of = (variance: "population" | "bessel") =>
      flat(whiten(ARTICLE, { variance, shiftMean: false }));
    expect(of("population")).toBeAllClose(
      [0.0508, 0.4381, 0.8254, 1.2127, 1.6, 1.9873, 2.3746, 2.7619, 3.1492],
      PRINTED,
    );
    expect(of("bessel")).toBeAllClose(
      [0.1394, 0.5046, 0.8697, 1.2349, 1.6, 1.9651, 2.3303, 2.6954, 3.0606],
      PRINTED,
    );
  });

  test("of 2 and 3 is plus and minus the root of one half", () => {
    const [row] = whiten(rows([2, 3]), { variance: "bessel", shiftMean: true });
    expect(row).toBeAllClose([-Math.SQRT1_2, Math.SQRT1_2], { atol: 1e-7, rtol: 0 });
  });

  test.each(["population", "bessel"] as const)("is torch's with %s variance", (variance) => {
    for (const shiftMean of [false, true]) {
      const name = `stats.whiten.${variance}.shift_mean_${shiftMean ? "on" : "off"}`;
      const whitened = whiten(goldenRows("stats.values"), { variance, shiftMean });
      expect(flat(whitened)).toBeAllClose(flat(goldenRows(name)), ARRAYS);
    }
  });

  test("leaves variance 1, and mean 0 or the old one", () => {
    const all = goldenRows("stats.values");
    const { mean } = momentsOf(flat(all), "population");
    for (const shiftMean of [false, true]) {
      const moments = momentsOf(flat(whiten(all, { variance: "bessel", shiftMean })), "bessel");
      expect(moments.mean).toBeAllClose(shiftMean ? 0 : mean, FLOAT64);
      // Less the epsilon under the root.
      expect(moments.variance).toBeAllClose(1, { atol: 1e-8, rtol: 0 });
    }
  });

  test("of equal numbers is 0 or their mean, not NaN", () => {
    const of = (shiftMean: boolean) =>
      flat(whiten(rows([3, 3], [3]), { variance: "population", shiftMean }));
    expect(of(true)).toEqual([0, 0, 0]);
    expect(of(false)).toEqual([3, 3, 3]);
  });
});
