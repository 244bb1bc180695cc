import { describe, expect, test } from "vitest";
import { philox4x32 } from "../../src/philox.ts";
import { RandomStream } from "../../src/rng.ts";

function hex(words: readonly number[]): string[] {
  return words.map((word) => (word >>> 0).toString(16).padStart(8, "0"));
}

describe("philox", () => {
  // Known answers published with the authors' reference implementation, Random123.
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"],
    ],
    [
      [-1, -1, -1, -1],
      [-1, -1],
      ["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"],
    ],
  ] as const)("gives the known block for counter %j", (counter, key, expected) => {
    const words = new Uint32Array(4);
    philox4x32(counter, key, words);
    expect(hex([...words])).toEqual(expected);
  });
});

describe("rng", () => {
  const draw = (stream: RandomStream, count: number) =>
    Array.from({ length: count }, () => stream.uint32());

  test("a stream is a function of seed and name", () => {
    const first = draw(new RandomStream(7, "a"), 9);
    expect(draw(new RandomStream(7, "a"), 9)).toEqual(first);
    expect(draw(new RandomStream(8, "a"), 9)).not.toEqual(first);
    expect(draw(new RandomStream(7 + 2 ** 32, "a"), 9)).not.toEqual(first);
    expect(draw(new RandomStream(7, "b"), 9)).not.toEqual(first);
  });

  test("continues from a position", () => {
    const stream = new RandomStream(7, "a");
    const all = draw(stream, 12);
    const other = new RandomStream(7, "a");
    other.position = 5;
    expect(draw(other, 7)).toEqual(all.slice(5));
    stream.position = 2;
    expect(draw(stream, 3)).toEqual(all.slice(2, 5));
  });

  test("uniform numbers lie in [0, 1) with mean 1/2", () => {
    const stream = new RandomStream(1, "uniform");
    const numbers = Array.from({ length: 20_000 }, () => stream.uniform());
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    // Five standard errors of 20,000 uniform numbers.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / 20_000));
  });

  test("normal numbers have the moments of their distribution", () => {
    const numbers = new Float32Array(20_001);
    new RandomStream(1, "normal").fillNormal(numbers, 3);
    const moment = (power: number) =>
      numbers.reduce((sum, x) => sum + (x / 3) ** power, 0) / numbers.length;
    // Five standard errors: the powers have variances 1, 2 and 96.
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(20_000));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / 20_000));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / 20_000));
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN])("refuses seed %d", (seed) => {
    expect(() => new RandomStream(seed, "a")).toThrow(/integer seed/);
  });
});
