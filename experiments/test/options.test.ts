import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import { integerFrom, numberThat, parseBytes, repeated } from "../src/options.ts";

describe("options", () => {
  test("integers have a range", () => {
    const parse = integerFrom(0, 7);
    expect(["0", "7", " 3 "].map(parse)).toEqual([0, 7, 3]);
    for (const text of ["-1", "8", "1.5", "", "x", "NaN", "Infinity", "3x"]) {
      expect(() => parse(text), text).toThrow("Expected an integer from 0 to 7.");
    }
    expect(() => integerFrom(1)("0")).toThrow("Expected an integer from 1.");
    expect(() => integerFrom(1)("9007199254740993")).toThrow(InvalidArgumentError);
  });

  test("numbers have a range", () => {
    const parse = numberThat((p) => p > 0 && p <= 1, "in (0, 1]");
    expect(["1", "0.5", "1e-3"].map(parse)).toEqual([1, 0.5, 1e-3]);
    for (const text of ["0", "1.1", "", "NaN", "one"]) {
      expect(() => parse(text), text).toThrow("Expected a number in (0, 1].");
    }
    expect(() => numberThat(() => true, "of any size")("Infinity")).toThrow(InvalidArgumentError);
  });

  test("bytes have decimal and binary units", () => {
    expect(["4000", "4GB", "4 gib", "1.5MB", "2KiB", "7B"].map(parseBytes)).toEqual([
      4000,
      4e9,
      4 * 2 ** 30,
      1.5e6,
      2048,
      7,
    ]);
    for (const text of ["", "GB", "-1", "0", "4XB", "1.2.3", "4 GB more"]) {
      expect(() => parseBytes(text), text).toThrow("such as 4GB");
    }
  });

  test("an option may be repeated", () => {
    expect(repeated("b", repeated("a"))).toEqual(["a", "b"]);
  });
});
