import { expect, describe as suite, test } from "vitest";
import { momentsOf } from "../../src/statistics/moments.ts";
import { flat, goldenRows, goldenValues, SCALARS } from "../golden.ts";

suite("statistics/moments", () => {
  test("the mean and both variances of 2 and 3 are 2.5, 0.25 and 0.5", () => {
    expect(momentsOf([2, 3], "population")).toEqual({ mean: 2.5, variance: 0.25, count: 2 });
    expect(momentsOf([2, 3], "bessel")).toEqual({ mean: 2.5, variance: 0.5, count: 2 });
  });

  test("of 1 to 3, with Bessel's correction, the variance is 1", () => {
    expect(momentsOf([1, 2, 3], "bessel").variance).toBe(1);
  });

  test("are torch's over the tokens of all completions", () => {
    const numbers = flat(goldenRows("stats.values"));
    for (const kind of ["population", "bessel"] as const) {
      const { mean, variance } = momentsOf(numbers, kind);
      expect([mean, variance]).toBeAllClose(
        [...goldenValues("stats.mean"), ...goldenValues(`stats.var.${kind}`)],
        SCALARS,
      );
    }
  });

  test("of one completion each are torch's", () => {
    const means = goldenRows("stats.values").map((row) => momentsOf(row, "population").mean);
    expect(means).toBeAllClose(goldenValues("stats.mean_rows"), SCALARS);
  });

  test("keep their digits where the mean is large", () => {
    expect(momentsOf([1e9, 1e9 + 1, 1e9 + 2], "bessel").variance).toBe(1);
  });

  test("need one number, or two with Bessel's correction", () => {
    expect(() => momentsOf([], "population")).toThrow("at least 1 numbers");
    expect(() => momentsOf([1], "bessel")).toThrow("at least 2 numbers");
  });
});
