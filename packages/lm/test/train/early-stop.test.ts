import { describe, expect, test } from "vitest";
import { earlyStop } from "../../src/train/early-stop.ts";

const losses = (values: readonly number[], options: { patience: number; minDelta?: number }) => {
  const stop = earlyStop({ metric: "eval/loss", minDelta: 0, ...options });
  return values.map((value) => stop({ "eval/loss": value }));
};

describe("train/early-stop", () => {
  test("ends after so many evaluations in a row that are no better", () => {
    expect(losses([3, 2, 2, 1, 1.5, 1, 0], { patience: 2 })).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  test("a number must be lower by minDelta, and NaN never is", () => {
    expect(losses([3, 2.9], { patience: 1, minDelta: 0.2 })).toEqual([false, true]);
    expect(losses([3, Number.NaN], { patience: 1 })).toEqual([false, true]);
  });

  test("steps without an evaluation do not count, and patience 0 never ends", () => {
    const stop = earlyStop({ metric: "eval/loss", patience: 1, minDelta: 0 });
    const rows = [{ "eval/loss": 1 }, { loss: 9 }, { loss: 9 }, { "eval/loss": 0.5 }];
    expect(rows.map(stop)).toEqual([false, false, false, false]);
    expect(losses([1, 2, 3], { patience: 0 })).toEqual([false, false, false]);
  });
});
