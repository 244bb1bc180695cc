import { numericGradient } from "@preflab/testing";
import { describe, expect, test } from "vitest";

// Central differences of a float32 function are off by about (2^-24)^(2/3) = 1.5e-5, relative to
// the size of the function and of its third derivative; both are near 1 here.
const FLOAT32 = { rtol: 1e-4, atol: 1e-4 };
// (2^-53)^(2/3) = 2.3e-11, with the same factor left.
const FLOAT64 = { rtol: 1e-9, atol: 1e-9 };

const sumOfSines = (x: Float64Array) => x.reduce((sum, value) => sum + Math.sin(value), 0);
const POINT = [-2, -0.3, 0, 0.7, 1.9];

describe("finite-difference", () => {
  test("float64: the gradient of a sum of sines is the cosines", () => {
    const gradient = numericGradient(sumOfSines, POINT, { precision: "float64" });
    expect(gradient).toBeAllClose(POINT.map(Math.cos), FLOAT64);
  });

  test("float32: a function that rounds its input and output still has a usable slope", () => {
    const rounded = (x: Float64Array) => Math.fround(sumOfSines(x.map(Math.fround)));
    expect(numericGradient(rounded, POINT)).toBeAllClose(POINT.map(Math.cos), FLOAT32);
  });

  test("rounding of large inputs is not mistaken for a slope", () => {
    const linear = (x: Float64Array) => 3 * Math.fround(x[0] as number);
    expect(numericGradient(linear, [16_777_217 / 1000], { step: 1e-6 })).toBeAllClose(3, {
      rtol: 1e-12,
      atol: 0,
    });
  });

  test("a wrong gradient is noticed", () => {
    expect(numericGradient(sumOfSines, POINT)).not.toBeAllClose(POINT.map(Math.sin), FLOAT32);
  });

  test("the point is left as it was", () => {
    const point = Float64Array.from(POINT);
    numericGradient(sumOfSines, point);
    expect([...point]).toEqual(POINT);
  });

  test("a step that rounds away is an error", () => {
    expect(() => numericGradient(sumOfSines, [1], { step: 1e-12 })).toThrow("x[0] = 1");
    expect(() => numericGradient(sumOfSines, [1], { step: 0 })).toThrow("Use a larger one");
  });
});
