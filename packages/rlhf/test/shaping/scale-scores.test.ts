import { describe, expect, test } from "vitest";
import { scaleScores } from "../../src/shaping/scale-scores.ts";
import { RunningMoments } from "../../src/statistics/running-moments.ts";

/** The epsilon in the divisor. */
const EPSILON = { atol: 1e-6, rtol: 0 };

function momentsOf(...numbers: number[]): RunningMoments {
  const moments = new RunningMoments();
  moments.update(numbers);
  return moments;
}

describe("shaping/scale-scores", () => {
  test("without scale only the bound is left", () => {
    const none = { scale: "none", center: true, clip: 2 } as const;
    expect([...scaleScores([-5, 1, 3], none, momentsOf(10, 20))]).toEqual([-2, 1, 2]);
    expect([...scaleScores([-5, 1], { ...none, clip: null }, momentsOf())]).toEqual([-5, 1]);
  });

  test("by the reference divides by its deviation, and centers where asked to", () => {
    const reference = momentsOf(8, 10, 12);
    const scaling = { scale: "reference", center: false, clip: null } as const;
    expect(scaleScores([10, 14], scaling, reference)).toBeAllClose([5, 7], EPSILON);
    expect(scaleScores([10, 14], { ...scaling, center: true }, reference)).toBeAllClose(
      [0, 2],
      EPSILON,
    );
    expect(reference.state.count).toBe(3);
  });

  test("running takes the batch in before it divides", () => {
    const running = momentsOf();
    const scaling = { scale: "running", center: true, clip: null } as const;
    expect(scaleScores([8, 10, 12], scaling, running)).toBeAllClose([-1, 0, 1], EPSILON);
    expect(running.state.count).toBe(3);
    scaleScores([100], scaling, running);
    expect(running.state.count).toBe(4);
  });

  test("equal scores stay finite", () => {
    const scaling = { scale: "running", center: true, clip: 5 } as const;
    expect([...scaleScores([3, 3], scaling, momentsOf())]).toEqual([0, 0]);
  });
});
