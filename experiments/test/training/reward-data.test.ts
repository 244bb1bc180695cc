import { describe, expect, test } from "vitest";
import { splitByPrompt } from "../../src/training/reward-data.ts";

/** Three pairs of each of 200 prompts. */
const PAIRS = Array.from({ length: 600 }, (_, i) => ({
  promptIds: [i % 200, 1],
  chosenIds: [i],
  rejectedIds: [i + 1],
}));

const prompts = (pairs: typeof PAIRS) => new Set(pairs.map(({ promptIds }) => promptIds.join()));

describe("training/reward-data", () => {
  test("no prompt is on both sides, and about the share of them is held out", () => {
    const { train, held } = splitByPrompt(PAIRS, 0.25) as Record<"train" | "held", typeof PAIRS>;
    expect(train.length + held.length).toBe(600);
    const known = prompts(train);
    expect([...prompts(held)].filter((prompt) => known.has(prompt))).toEqual([]);
    expect(prompts(held).size).toBeGreaterThan(30);
    expect(prompts(held).size).toBeLessThan(70);
  });

  test("a prompt stays on its side when there are more of them, and held out for larger shares", () => {
    const few = splitByPrompt(PAIRS.slice(0, 50), 0.25).held;
    const many = new Set(splitByPrompt(PAIRS, 0.25).held);
    expect(few.every((pair) => many.has(pair))).toBe(true);
    const more = new Set(splitByPrompt(PAIRS, 0.5).held);
    expect([...many].every((pair) => more.has(pair))).toBe(true);
  });
});
