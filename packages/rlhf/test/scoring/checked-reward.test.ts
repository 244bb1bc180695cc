import { describe, expect, test } from "vitest";
import { CheckedReward } from "../../src/scoring/checked-reward.ts";
import {
  functionReward,
  RewardError,
  type RewardFunction,
} from "../../src/scoring/reward-function.ts";
import { idInput, textInput } from "./inputs.ts";

const INPUTS = [textInput("a", "bb"), textInput("a", "cccc")];

function checked(score: (count: number) => unknown, timeoutMs = 1000): CheckedReward {
  // What untyped code may give.
  const reward = { name: "toy", score: async () => score(INPUTS.length) } as RewardFunction;
  return new CheckedReward(reward, { timeoutMs });
}

describe("scoring/checked-reward", () => {
  test("gives the scores of a function and counts its queries", async () => {
    const length = functionReward("length", ({ completion }) => completion?.length ?? 0);
    const reward = new CheckedReward(length, { timeoutMs: 1000, queries: 10 });
    expect([...(await reward.score(INPUTS))]).toEqual([2, 4]);
    expect([...(await reward.score([]))]).toEqual([]);
    expect(reward.queries).toBe(12);
    expect(reward.name).toBe("length");
  });

  test("takes typed arrays for lists", async () => {
    expect([...(await checked(() => Float32Array.of(1, 2)).score(INPUTS))]).toEqual([1, 2]);
  });

  test.each([
    ["too few", [1], "a list of 2 scores, got 1"],
    ["too many", [1, 2, 3], "a list of 2 scores, got 3"],
    ["nothing", undefined, "got undefined"],
    ["a text", "12", "got string"],
    ["NaN", [1, Number.NaN], 'got NaN for completion 1: "cccc"'],
    ["an infinity", [Number.POSITIVE_INFINITY, 1], 'got Infinity for completion 0: "bb"'],
    ["texts", ["1", "2"], "got 1 for completion 0"],
    ["a hole", [1, undefined], "got undefined for completion 1"],
  ])("%s is an error, and no query", async (_, scores, message) => {
    const reward = checked(() => scores);
    await expect(reward.score(INPUTS)).rejects.toThrow(message);
    await expect(reward.score(INPUTS)).rejects.toBeInstanceOf(RewardError);
    expect(reward.queries).toBe(0);
  });

  test("a function that throws is an error that says why", async () => {
    const reward = checked(() => {
      throw new Error("out of credit");
    });
    await expect(reward.score(INPUTS)).rejects.toThrow(
      "reward toy: expected 2 scores, got an error: out of credit",
    );
  });

  test("a function that throws at once is an error as well", async () => {
    const throwing: RewardFunction = {
      name: "toy",
      score: () => {
        throw new Error("broken");
      },
    };
    const reward = new CheckedReward(throwing, { timeoutMs: 1000 });
    await expect(reward.score(INPUTS)).rejects.toThrow("got an error: broken");
  });

  test("a function that hangs is an error in time, and is told", async () => {
    let told = false;
    const hanging: RewardFunction = {
      name: "slow",
      score: (_, signal) => {
        signal.addEventListener("abort", () => {
          told = true;
        });
        return new Promise(() => {});
      },
    };
    const reward = new CheckedReward(hanging, { timeoutMs: 20 });
    await expect(reward.score(INPUTS)).rejects.toThrow(
      "reward slow: expected 2 scores within 20 ms",
    );
    expect(told).toBe(true);
    expect(reward.queries).toBe(0);
  });

  test("names ids where there is no text", async () => {
    const nan = functionReward("toy", () => Number.NaN);
    const reward = new CheckedReward(nan, { timeoutMs: 1000 });
    await expect(reward.score([idInput([1], [2, 3])])).rejects.toThrow('"ids 2,3"');
  });
});
