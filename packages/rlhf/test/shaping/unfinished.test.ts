import { describe, expect, test } from "vitest";
import { scoreUnfinished } from "../../src/shaping/unfinished.ts";

describe("shaping/unfinished", () => {
  const scores = [2, 3, -4];
  const finished = [true, false, false];

  test("subtracts from, replaces or leaves the scores of unfinished completions", () => {
    const of = (mode: "none" | "subtract" | "replace") => [
      ...scoreUnfinished(scores, finished, { mode, value: mode === "replace" ? -1 : 1 }),
    ];
    expect(of("subtract")).toEqual([2, 2, -5]);
    expect(of("replace")).toEqual([2, -1, -1]);
    expect(of("none")).toEqual(scores);
  });
});
