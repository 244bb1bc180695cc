import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { rolloutTensors } from "../../src/rollouts/rollouts.ts";

describe("rollouts/rollouts", () => {
  test("places are those of the tokens that predict the completion's", () => {
    const numbers = tf.tidy(() => {
      const rollouts = [
        { promptIds: [5, 6], completionIds: [7, 8, 1] },
        { promptIds: [9], completionIds: [1] },
      ];
      const { ids, places, targets, mask } = rolloutTensors(rollouts, 6);
      return [ids, places, targets, mask].map((x) => x.arraySync() as number[][]);
    });
    const [ids, places, targets, mask] = numbers as [
      number[][],
      number[][],
      number[][],
      number[][],
    ];
    const flatIds = ids.flat();
    expect(ids[0]).toEqual([5, 6, 7, 8, 1, 0]);
    expect(places[0]?.slice(0, 3).map((place) => flatIds[place])).toEqual([6, 7, 8]);
    expect(flatIds[places[1]?.[0] as number]).toBe(9);
    expect(targets[0]?.slice(0, 3)).toEqual([7, 8, 1]);
    expect(mask.map((row) => row.reduce((sum, x) => sum + x, 0))).toEqual([3, 1]);
  });

  test.each([
    [{ promptIds: [], completionIds: [1] }, "got 0 and 1 in rollout 0"],
    [{ promptIds: [2], completionIds: [] }, "got 1 and 0 in rollout 0"],
    [{ promptIds: [2, 3, 4], completionIds: [5, 6, 7, 1] }, "at most 6 tokens, got 3 and 4"],
  ])("%j is an error", (rollout, message) => {
    expect(() => rolloutTensors([rollout], 6)).toThrow(message);
  });
});
