import { describe, expect, test } from "vitest";

const HUNDREDTH = { rtol: 0, atol: 0.01 };

describe("matchers", () => {
  test("close lists pass and distant ones pass negated", () => {
    expect(Float32Array.of(1, 2)).toBeAllClose([1.001, 2], HUNDREDTH);
    expect([1, 2]).not.toBeAllClose([1.1, 2], HUNDREDTH);
  });

  test("a failure names the worst index, both values, the error and the bound", () => {
    expect(() => expect([1, 5, 3]).toBeAllClose([1, 2, 3.5], HUNDREDTH)).toThrow(
      "2 of 3 elements differ (rtol 0, atol 0.01); worst at index 1: expected 2, got 5, " +
        "error 3.000e+0, allowed 1.000e-2",
    );
  });

  test("a length mismatch is reported as such", () => {
    expect(() => expect([1]).toBeAllClose([1, 2], HUNDREDTH)).toThrow("expected 2 elements, got 1");
  });
});
