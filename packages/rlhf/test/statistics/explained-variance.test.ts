import { describe, expect, test } from "vitest";
import { explainedVariance } from "../../src/statistics/explained-variance.ts";
import { normalRows } from "../random.ts";

const LENGTHS = [3, 1, 5];

describe("statistics/explained-variance", () => {
  const returns = normalRows(LENGTHS, 1);
  const map = (f: (x: number) => number) => returns.map((row) => row.map(f));

  test("is 1 for perfect values, whatever constant they are off by", () => {
    expect(explainedVariance(returns, returns)).toBe(1);
    expect(
      explainedVariance(
        map((x) => x + 3),
        returns,
      ),
    ).toBeAllClose(1, { atol: 1e-12, rtol: 0 });
  });

  test("is 0 for constant values and -3 for values of the wrong sign", () => {
    expect(
      explainedVariance(
        map(() => 7),
        returns,
      ),
    ).toBeAllClose(0, { atol: 1e-12, rtol: 0 });
    expect(
      explainedVariance(
        map((x) => -x),
        returns,
      ),
    ).toBeAllClose(-3, { atol: 1e-12, rtol: 0 });
  });

  test("is 3/4 for values that are half of the returns", () => {
    expect(
      explainedVariance(
        map((x) => x / 2),
        returns,
      ),
    ).toBeAllClose(0.75, {
      atol: 1e-12,
      rtol: 0,
    });
  });

  test("is not a number where all returns are equal", () => {
    expect(
      explainedVariance(
        returns,
        map(() => 1),
      ),
    ).toBeNaN();
  });
});
