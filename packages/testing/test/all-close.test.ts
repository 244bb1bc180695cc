import { compareAllClose } from "@preflab/testing";
import { describe, expect, test } from "vitest";

const EXACT = { rtol: 0, atol: 0 };
const TENTH = { rtol: 0, atol: 0.1 };

describe("all-close", () => {
  test("the bound is atol + rtol * |expected|", () => {
    const tolerance = { rtol: 0.5, atol: 1 };
    expect(compareAllClose([14], [-10], tolerance).worst?.allowed).toBe(6);
    expect(compareAllClose([-16], [-10], tolerance).pass).toBe(true);
    expect(compareAllClose([-16.0001], [-10], tolerance).pass).toBe(false);
  });

  test("the relative part follows the expected side, not the actual one", () => {
    const half = { rtol: 0.5, atol: 0 };
    expect(compareAllClose([1], [2], half).pass).toBe(true);
    expect(compareAllClose([2], [1], half).pass).toBe(false);
  });

  test("the worst element is the one furthest beyond its own bound", () => {
    const report = compareAllClose([1000, 1.5], [1001, 1], { rtol: 0.01, atol: 0 });
    expect(report.mismatches).toBe(1);
    expect(report.worst).toMatchObject({ index: 1, actual: 1.5, expected: 1, error: 0.5 });
  });

  test("NaN is close to NaN and to nothing else", () => {
    expect(compareAllClose([Number.NaN], [Number.NaN], EXACT).pass).toBe(true);
    expect(compareAllClose([Number.NaN], [0], TENTH).pass).toBe(false);
    expect(compareAllClose([0], [Number.NaN], TENTH).pass).toBe(false);
  });

  test("an infinity is close to itself only, whatever the tolerance", () => {
    const infinity = Number.POSITIVE_INFINITY;
    const loose = { rtol: 1, atol: 1e300 };
    expect(compareAllClose([infinity], [infinity], EXACT).pass).toBe(true);
    expect(compareAllClose([-infinity], [infinity], loose).pass).toBe(false);
    expect(compareAllClose([0], [infinity], loose).pass).toBe(false);
    expect(compareAllClose([infinity], [0], loose).pass).toBe(false);
  });

  test("lists of different lengths are not close, empty lists are", () => {
    expect(compareAllClose([1], [1, 1], TENTH)).toMatchObject({ pass: false, mismatches: 0 });
    expect(compareAllClose([], [], EXACT)).toMatchObject({ pass: true, worst: undefined });
  });

  test("zeros of both signs are equal at zero tolerance", () => {
    expect(compareAllClose([-0], [0], EXACT).pass).toBe(true);
  });

  test("a single number compares with a typed array of one", () => {
    expect(compareAllClose(new Float32Array([0.1]), Math.fround(0.1), EXACT).pass).toBe(true);
  });

  test("a negative or non-finite tolerance is refused", () => {
    expect(() => compareAllClose(1, 1, { rtol: -1, atol: 0 })).toThrow("rtol must be");
    expect(() => compareAllClose(1, 1, { rtol: 0, atol: Number.NaN })).toThrow("atol must be");
  });
});
