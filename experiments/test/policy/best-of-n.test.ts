import { describe, expect, test } from "vitest";
import { bestOfNPoints } from "../../src/policy/best-of-n.ts";

/** Rounding of 64-bit arithmetic on a handful of numbers. */
const DIGITS = 12;

const POOLS = [
  { proxy: [3, 2, 1], gold: [0, 1, 0.5], preferences: [1, 0, null] },
  { proxy: [1, 2, 3], gold: [0, 0.5, 1], preferences: [0, 0.5, 0.5] },
];

describe("policy/best-of-n", () => {
  test("one of one is the mean of the pool, the best of all is the best", () => {
    const [one, all] = bestOfNPoints(POOLS, [1, 3], "learned");
    expect(one?.gold).toBeCloseTo(0.5, DIGITS);
    expect(all?.gold).toBeCloseTo((0 + 1) / 2, DIGITS);
    // A judgement that was not understood is a tie: (1 + 0 + 1/2) / 3 and (0 + 1/2 + 1/2) / 3.
    expect(one?.win_rate).toBeCloseTo((0.5 + 1 / 3) / 2, DIGITS);
    expect(all?.win_rate).toBeCloseTo((1 + 0.5) / 2, DIGITS);
    // Two prompts: half of their difference.
    expect(all?.win_rate_error).toBeCloseTo(0.25, DIGITS);
    expect([one?.kl_bound, one?.by]).toEqual([0, "learned"]);
  });

  test("two of three: the best of each of the three pairs", () => {
    const [two] = bestOfNPoints(POOLS.slice(0, 1), [2], "learned");
    // By proxy the first is in two pairs of three, and the second is the best of the third.
    expect(two?.win_rate).toBeCloseTo((1 + 1 + 0) / 3, DIGITS);
    expect(two?.proxy).toBeCloseTo((3 + 3 + 2) / 3, DIGITS);
  });

  test("the gold reward may choose", () => {
    const [all] = bestOfNPoints(POOLS, [3], "gold");
    expect(all?.gold).toBe(1);
    expect(all?.win_rate).toBeCloseTo((0 + 0.5) / 2, DIGITS);
  });

  test("pools that nobody judged have no win rate", () => {
    const pools = POOLS.map(({ proxy, gold }) => ({ proxy, gold }));
    const [point] = bestOfNPoints(pools, [1], "learned");
    expect(point).not.toHaveProperty("win_rate");
    expect(point).not.toHaveProperty("win_rate_error");
  });
});
