import { describe, expect, test } from "vitest";
import { groupRelativeAdvantages } from "../../src/advantages/group-relative.ts";
import { leaveOneOutAdvantages } from "../../src/advantages/leave-one-out.ts";
import { normals } from "../random.ts";

/** The same sums in another order. */
const FLOAT64 = { atol: 1e-12, rtol: 1e-12 };

describe("advantages/leave-one-out", () => {
  test("of 1, 2, 6 are less the mean of the other two", () => {
    expect([...leaveOneOutAdvantages([1, 2, 6], 3)]).toEqual([-3, -1.5, 4.5]);
  });

  test("of two completions are plus and minus their difference, per prompt", () => {
    expect([...leaveOneOutAdvantages([5, 3, 0, 1], 2)]).toEqual([2, -2, -1, 1]);
  });

  test("are n / (n - 1) times the difference from the group's mean", () => {
    const rewards = normals(12, 1);
    const unscaled = groupRelativeAdvantages(rewards, 4, {
      scale: "none",
      variance: "bessel",
      eps: 0,
    });
    expect(leaveOneOutAdvantages(rewards, 4)).toBeAllClose(
      unscaled.map((x) => (4 / 3) * x),
      FLOAT64,
    );
  });

  test("need whole groups of at least two", () => {
    expect(() => leaveOneOutAdvantages([1, 2, 3], 2)).toThrow("3 scores in groups of 2");
    expect(() => leaveOneOutAdvantages([1, 2], 1)).toThrow("groups of 1");
  });
});

describe("advantages/group-relative", () => {
  const of = (
    rewards: number[],
    size: number,
    scale: "group" | "batch" | "none",
    variance: "population" | "bessel" = "bessel",
    eps = 0,
  ) => groupRelativeAdvantages(rewards, size, { scale, variance, eps });

  test("scale each group by its deviation, of either kind", () => {
    expect(of([1, 2, 3, 10, 20, 30], 3, "group")).toBeAllClose([-1, 0, 1, -1, 0, 1], FLOAT64);
    const wide = Math.sqrt(1.5);
    expect(of([1, 2, 3], 3, "group", "population")).toBeAllClose([-wide, 0, wide], FLOAT64);
  });

  test("scale by the deviation of the batch, or not at all", () => {
    const rewards = [0, 2, 4, 6];
    const deviation = Math.sqrt(20 / 3);
    expect(of(rewards, 2, "batch")).toBeAllClose(
      [-1, 1, -1, 1].map((x) => x / deviation),
      FLOAT64,
    );
    expect([...of(rewards, 2, "none")]).toEqual([-1, 1, -1, 1]);
  });

  test("of equal rewards are 0, and eps is added to the deviation", () => {
    expect([...of([3, 3, 3], 3, "group", "bessel", 1e-4)]).toEqual([0, 0, 0]);
    expect(of([0, 2], 2, "group", "population", 1)).toBeAllClose([-0.5, 0.5], FLOAT64);
  });
});
