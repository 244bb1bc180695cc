import { describe, expect, test } from "vitest";
import {
  f16ToNumber,
  narrowBf16,
  narrowF16,
  widenBf16,
  widenF16,
} from "../../src/checkpoint/half.ts";

const ALL = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

/** The value of a float with the given widths of exponent and mantissa, from the definition. */
function decode(bits: number, exponentBits: number, mantissaBits: number): number {
  const sign = bits >> (exponentBits + mantissaBits) ? -1 : 1;
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = bits & (2 ** mantissaBits - 1);
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return mantissa ? Number.NaN : sign * Infinity;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - bias);
}

function wordsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

const FORMATS = [
  { name: "F16", widen: widenF16, narrow: narrowF16, exponentBits: 5, mantissaBits: 10 },
  { name: "BF16", widen: widenBf16, narrow: narrowBf16, exponentBits: 8, mantissaBits: 7 },
] as const;

describe.each(FORMATS)("half $name", ({ widen, narrow, exponentBits, mantissaBits }) => {
  const widened = new Float32Array(65536);
  widen(ALL, widened);
  const infinity = (2 ** exponentBits - 1) << mantissaBits;

  /** Bit patterns for which a fact does not hold. Thousands of `expect` would take seconds. */
  const unlike = (holds: (bits: number) => boolean) => [...ALL].filter((bits) => !holds(bits));

  test("every bit pattern has the value of the definition", () => {
    const holds = (bits: number) =>
      Object.is(widened[bits], decode(bits, exponentBits, mantissaBits));
    expect(unlike(holds)).toEqual([]);
  });

  test("NaNs keep sign and payload", () => {
    const words = wordsOf(widened);
    const nans = ALL.filter((bits) => Number.isNaN(widened[bits]));
    expect(nans.length).toBe(2 * (2 ** mantissaBits - 1));
    const moved = nans.map((bits) => (bits & 0x8000) | (bits & (2 ** mantissaBits - 1)));
    const kept = nans.map((bits) => {
      const word = words[bits] as number;
      return ((word >>> 16) & 0x8000) | ((word & 0x7fffff) >> (23 - mantissaBits));
    });
    expect(kept).toEqual(moved);
  });

  test("widening and narrowing gives every bit pattern back, NaNs made quiet", () => {
    const back = narrow(widened);
    const quiet = 2 ** (mantissaBits - 1);
    const holds = (bits: number) =>
      back[bits] === (Number.isNaN(widened[bits]) ? bits | quiet : bits);
    expect(unlike(holds)).toEqual([]);
  });

  test("between neighbours the nearest wins, half way the even one", () => {
    const finite = ALL.subarray(0, infinity - 1);
    // The middle has one bit more, which float32 has room for.
    const middle = Float32Array.from(finite, (bits) => {
      return ((widened[bits] as number) + (widened[bits + 1] as number)) / 2;
    });
    const even = finite.map((bits) => bits + (bits % 2));
    const unlike = (values: Float32Array, expected: Uint16Array) =>
      [...narrow(values).entries()].filter(([i, bits]) => bits !== expected[i]);
    expect(unlike(middle, even)).toEqual([]);
    const negative = middle.map((value) => -value);
    expect(
      unlike(
        negative,
        even.map((bits) => bits | 0x8000),
      ),
    ).toEqual([]);
    const below = middle.map((value) => toward(value, -1));
    expect(unlike(below, finite)).toEqual([]);
    const above = middle.map((value) => toward(value, 1));
    expect(
      unlike(
        above,
        finite.map((bits) => bits + 1),
      ),
    ).toEqual([]);
  });

  test("half way past the largest number is infinity", () => {
    const largest = widened[infinity - 1] as number;
    const step = largest - (widened[infinity - 2] as number);
    const limit = Math.fround(largest + step / 2);
    expect(narrow(Float32Array.of(toward(limit, -1), limit, Infinity, -Infinity))).toEqual(
      Uint16Array.of(infinity - 1, infinity, infinity, infinity | 0x8000),
    );
  });

  test("targets are filled from an offset", () => {
    const target = new Float32Array(3).fill(7);
    widen(Uint16Array.of(0), target, 1);
    expect([...target]).toEqual([7, 0, 7]);
  });
});

describe("half", () => {
  test("a float16 is read as a number", () => {
    expect([0x3c00, 0xc000, 0x0001, 0x7c00].map(f16ToNumber)).toEqual([1, -2, 2 ** -24, Infinity]);
  });
});

/** The next float32 above (1) or below (-1) a positive one. */
function toward(value: number, direction: 1 | -1): number {
  const float = Float32Array.of(value);
  const words = wordsOf(float);
  words[0] = (words[0] as number) + direction;
  return float[0] as number;
}
