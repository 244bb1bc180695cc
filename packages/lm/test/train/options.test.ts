import { describe, expect, test } from "vitest";
import { OptionReader } from "../../src/train/options.ts";

describe("train/options", () => {
  const limit = (raw: object) => new OptionReader("run", raw).numberOrNone("limit", 7, 1, 9);

  test("a bound is a number, or none for null, and null for what it is by default", () => {
    expect(limit({ limit: 3 })).toBe(3);
    expect(limit({ limit: "none" })).toBeNull();
    expect([limit({}), limit({ limit: null })]).toEqual([7, 7]);
    expect(new OptionReader("run", {}).numberOrNone("limit", null, 1, 9)).toBeNull();
  });

  test.each([0, 10, "no", Number.NaN])(
    "a bound of %s is an error that says what it may be",
    (x) => {
      expect(() => limit({ limit: x })).toThrow("limit to be a number from 1 to 9, or none");
    },
  );
});
