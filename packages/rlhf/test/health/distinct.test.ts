import { describe, expect, test } from "vitest";
import { distinctN } from "../../src/health/distinct.ts";

describe("health/distinct", () => {
  test("counts n-grams within completions, over all of them", () => {
    const completions = [[1, 2, 1, 2], Int32Array.of(2, 3)];
    expect(distinctN(completions, 1)).toBe(3 / 6); // 1, 2, 3
    expect(distinctN(completions, 2)).toBe(3 / 4); // 1 2, 2 1, 2 3; no 2 2 across completions
    expect(distinctN(completions, 3)).toBe(1); // 1 2 1, 2 1 2
  });

  test("is 1 where nothing is there twice, and falls with every copy", () => {
    expect(distinctN([[1, 2, 3]], 2)).toBe(1);
    expect(distinctN(Array(4).fill([1, 2, 3]), 2)).toBe(1 / 4);
    expect(distinctN([Array(50).fill(7)], 2)).toBe(1 / 49);
  });

  test("tells ids apart that read alike in a row", () => {
    expect(distinctN([[1, 11, 1]], 2)).toBe(1);
    expect(
      distinctN(
        [
          [1, 11],
          [11, 1],
        ],
        2,
      ),
    ).toBe(1);
  });

  test("is 0 without n-grams", () => {
    expect(distinctN([], 1)).toBe(0);
    expect(distinctN([[], [4]], 2)).toBe(0);
  });
});
