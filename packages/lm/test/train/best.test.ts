import { bestSoFar } from "@preflab/lm";
import { describe, expect, test } from "vitest";

describe("train/best", () => {
  const verdicts = (better: "lower" | "higher", rows: Record<string, unknown>[]) => {
    const isBest = bestSoFar(["eval/x", better]);
    return rows.map(isBest);
  };
  const of = (...values: unknown[]) => values.map((value) => ({ "eval/x": value }));

  test("is true for numbers better than all before, not for equal ones", () => {
    expect(verdicts("higher", of(0.5, 0.4, 0.5, 0.6))).toEqual([true, false, false, true]);
    expect(verdicts("lower", of(0.5, 0.4, 0.5, 0.4, -1))).toEqual([true, true, false, false, true]);
  });

  test("is false for steps without the number, and for numbers that are none", () => {
    expect(verdicts("lower", [{}, ...of("NaN", Number.NEGATIVE_INFINITY, "Infinity", 3)])).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  test("of equal numbers the next one decides", () => {
    const isBest = bestSoFar(["eval/x", "higher"], ["eval/y", "lower"]);
    const rows: [unknown, unknown][] = [
      [1, "NaN"],
      [1, 5],
      [1, 6],
      [0, 1],
      [1, 4],
      [2, 9],
      [2, "NaN"],
    ];
    const verdicts = rows.map(([x, y]) => isBest({ "eval/x": x, "eval/y": y }));
    expect(verdicts).toEqual([true, true, false, false, true, true, false]);
  });
});
