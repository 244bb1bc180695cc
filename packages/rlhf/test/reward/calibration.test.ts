import { RandomStream } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { calibration } from "../../src/reward/calibration.ts";
import { pairMetrics } from "../../src/train/evaluate-reward.ts";

const logit = (p: number) => Math.log(p / (1 - p));
/** Sums in float64. */
const FLOAT64 = { atol: 1e-12, rtol: 0 };

describe("reward/calibration", () => {
  test("is 0 for certainties that come true, by hand", () => {
    // Of ten pairs at 80 %, eight in the right order.
    const margins = Array.from({ length: 10 }, (_, i) => (i < 8 ? 1 : -1) * logit(0.8));
    const { error, bins } = calibration(margins, 4);
    expect(error).toBeAllClose(0, FLOAT64);
    expect(bins.map(({ count }) => count)).toEqual([0, 0, 10, 0]);
    expect(bins[2]).toMatchObject({ from: 0.75, accuracy: 0.8 });
  });

  test("is how far certainty and accuracy are apart", () => {
    const margins = [logit(0.9), logit(0.9), -logit(0.9), -logit(0.9)];
    expect(calibration(margins).error).toBeAllClose(0.4, FLOAT64);
  });

  test("is small for a model that knows the probabilities, large for one twice as sure", () => {
    const random = new RandomStream(1, "labels");
    const margins = Array.from({ length: 20_000 }, () => {
      const margin = 6 * random.uniform() - 3;
      return random.uniform() < 1 / (1 + Math.exp(-margin)) ? margin : -margin;
    });
    expect(calibration(margins).error).toBeLessThan(0.02);
    expect(calibration(margins.map((m) => 2 * m)).error).toBeGreaterThan(0.05);
  });

  test("of a model that says nothing and of one that is certain is defined", () => {
    expect(calibration([0, 0]).error).toBe(0);
    expect(calibration([1e6, 1e6]).error).toBe(0);
    expect(calibration([-1e6]).error).toBe(1);
  });
});

describe("train/evaluate-reward", () => {
  test("metrics of pairs are as computed by hand", () => {
    const metrics = pairMetrics(Float64Array.of(2, 1, 0), Float64Array.of(0, 1, 1000));
    expect(metrics["eval/accuracy"]).toBeAllClose(1 / 3, FLOAT64);
    expect(metrics["eval/margin"]).toBeAllClose((2 + 0 - 1000) / 3, FLOAT64);
    expect(metrics["eval/loss"]).toBeAllClose(
      (Math.log1p(Math.exp(-2)) + Math.LN2 + 1000) / 3,
      FLOAT64,
    );
    expect(metrics["eval/max_reward"]).toBe(1000);
  });
});
