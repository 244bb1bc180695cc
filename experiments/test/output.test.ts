import { describe, expect, test } from "vitest";
import { toJson } from "../src/output.ts";

describe("output", () => {
  test("numbers that JSON lacks become strings, at any depth", () => {
    expect(toJson({ a: [Number.NaN, 1], b: { c: Infinity, d: -Infinity }, e: null })).toBe(
      '{"a":["NaN",1],"b":{"c":"Infinity","d":"-Infinity"},"e":null}',
    );
  });

  test("float64 survives", () => {
    expect(JSON.parse(toJson([0.1, -1e-300, 2 ** 53]))).toEqual([0.1, -1e-300, 2 ** 53]);
  });
});
