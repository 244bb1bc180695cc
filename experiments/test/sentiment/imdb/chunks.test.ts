import { describe, expect, test } from "vitest";
import { chunksOf, joinReviews } from "../../../src/sentiment/imdb/chunks.ts";

const ENDS = { bos: 1, eos: 0 };
const REVIEWS = [
  [10, 11, 12, 13, 14, 15, 16],
  [20, 21],
  [30, 31, 32, 33],
];

describe("sentiment/imdb/chunks", () => {
  const joined = joinReviews(REVIEWS, ENDS);
  const all = chunksOf(joined, { ...ENDS, length: 4, count: 100, seed: 0 });

  test("pieces are the reviews, with BOS at their beginning only and EOS at their end", () => {
    const expected = [
      [1, 10, 11, 12],
      [13, 14, 15, 16],
      [1, 20, 21, 0],
      [1, 30, 31, 32],
      [33, 0],
    ];
    expect([...all].sort((a, b) => (a[1] as number) - (b[1] as number))).toEqual(
      expected.sort((a, b) => (a[1] as number) - (b[1] as number)),
    );
  });

  test("fewer of them are the first of all, in an order that the seed decides", () => {
    const options = { ...ENDS, length: 4, count: 3, seed: 0 };
    expect(chunksOf(joined, options)).toEqual(all.slice(0, 3));
    const orders = [0, 1, 2, 3].map((seed) => chunksOf(joined, { ...options, seed }).join("|"));
    expect(new Set(orders).size).toBeGreaterThan(1);
  });

  test("ids of more than 16 bits are an error", () => {
    expect(() => joinReviews([[70_000]], ENDS)).toThrow(/below 2\^16, got 70000/);
  });
});
