import { describe, expect, it } from "vitest";
import { trend } from "../../../src/study/statistics/trend.ts";

describe("study/statistics/trend", () => {
  it("finds one seed of four values monotone: 1 of 24 orders", () => {
    const { tau, p, monotone } = trend([[8, 5, 1, 0.2]], "falling");
    expect([tau, monotone]).toEqual([1, 1]);
    expect(p).toBeCloseTo(1 / 24, 12);
  });

  it("adds inversions of seeds", () => {
    // No inversion and one of 3 pairs. Orders of three have 0, 1, 2, 3 inversions with chances
    // 1/6, 2/6, 2/6, 1/6, so two have at most one with (1 + 2 * 2) / 36.
    const { tau, p, monotone, seeds } = trend(
      [
        [1, 2, 3],
        [2, 1, 3],
      ],
      "rising",
    );
    expect(tau).toBeCloseTo(1 - 2 / 6, 12);
    expect(p).toBeCloseTo(5 / 36, 12);
    expect([monotone, seeds]).toEqual([1, 2]);
  });

  it("counts equal values against a trend", () => {
    expect(trend([[1, 1, 2]], "rising")).toMatchObject({
      monotone: 0,
      tau: expect.closeTo(1 / 3, 12),
    });
  });

  it("has tau -1 and p 1 in the other direction", () => {
    const { tau, p } = trend([[1, 2, 3, 4]], "falling");
    expect(tau).toBe(-1);
    expect(p).toBeCloseTo(1, 12);
  });
});
