import { describe, expect, test } from "vitest";
import {
  type JudgedReply,
  pointOf,
  preferencesByPrompt,
} from "../../../src/policy/comparison/points.ts";

/** Rounding of 64-bit arithmetic on a handful of numbers. */
const DIGITS = 12;

const reply = (prompt: number, given: Partial<JudgedReply>): JudgedReply => ({
  ...{ prompt, tokens: 4, gold: 0, preference: 1, lengthDifference: 0 },
  ...given,
});

describe("policy/comparison/points", () => {
  test("samples of a prompt are averaged, those not understood left out, none is a tie", () => {
    const preferences = [1, 0, 0.5, null, null, null, 1, 1];
    expect(preferencesByPrompt(preferences, 2)).toEqual([0.5, 0.5, 0.5, 1]);
    expect(preferencesByPrompt([1, null], 1)).toEqual([1, 0.5]);
  });

  test("errors are over prompts, not over replies", () => {
    const replies = [
      ...[reply(0, { gold: 1 }), reply(0, { gold: 0, preference: 0, tokens: 8 })],
      ...[reply(1, { gold: 1 }), reply(1, { gold: 1, preference: null })],
      ...[reply(2, { gold: -1, preference: 0 }), reply(2, { gold: 0, preference: 0 })],
    ];
    const point = pointOf({ prompts: "test", temperature: 0.5 }, replies);
    expect(point.per_prompt).toEqual({ win: [0.5, 1, 0], gold: [0.5, 1, -0.5] });
    expect(point.win_rate).toBeCloseTo(1 / 2, DIGITS);
    // Deviations 0, 1/2, -1/2: variance 1/4, of a mean of three 1/12.
    expect(point.win_rate_error).toBeCloseTo(Math.sqrt(1 / 12), DIGITS);
    expect(point.gold).toBeCloseTo(1 / 3, DIGITS);
    // Deviations 1/6, 2/3, -5/6: squares sum to 7/6, so 7/12 / 3.
    expect(point.gold_error).toBeCloseTo(Math.sqrt(7 / 36), DIGITS);
    expect([point.invalid, point.temperature, point.prompts]).toEqual([1, 0.5, "test"]);
    expect(point.length).toBeCloseTo(28 / 6, DIGITS);
  });

  test("a rate at equal lengths takes longer replies and shorter ones", () => {
    const lengths = (differences: readonly number[]) =>
      pointOf(
        { prompts: "test", temperature: 1 },
        differences.map((lengthDifference, prompt) =>
          reply(prompt, { lengthDifference, preference: Number(lengthDifference > 0) }),
        ),
      );
    expect(lengths([3, 5, 1, 0]).length_controlled).toBeNull();
    const { length_controlled: controlled, win_rate } = lengths([3, 2, 1, -3]);
    expect(win_rate).toBe(0.75);
    // The longer one always wins: what is left at equal length is a matter of the one shorter reply.
    expect(controlled).toBeGreaterThan(0);
    expect(controlled).not.toBeCloseTo(0.75, 2);
  });

  test("symmetric lengths of opposite outcomes are even at equal length", () => {
    const replies = [2, -2, 2, -2].map((lengthDifference, prompt) =>
      reply(prompt, { lengthDifference, preference: lengthDifference > 0 ? 0.9 : 0.1 }),
    );
    const { length_controlled: rate } = pointOf({ prompts: "test", temperature: 1 }, replies);
    expect(rate).toBeCloseTo(0.5, DIGITS);
  });
});
