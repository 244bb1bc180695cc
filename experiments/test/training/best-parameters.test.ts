import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { bestParameters, type KeepBest } from "../../src/training/best-parameters.ts";

const CRITERIA: KeepBest = [
  ["eval/accuracy", "higher"],
  ["eval/loss", "lower"],
];

/** Evaluations after steps 1 to 4; step 3 is the best, as accurate as step 2 with a lower loss. */
const ROWS = [
  { step: 1, "eval/accuracy": 0.5, "eval/loss": 0.7 },
  { step: 2, "eval/accuracy": 0.75, "eval/loss": 0.6 },
  { step: 3, "eval/accuracy": 0.75, "eval/loss": 0.5 },
  { step: 4, "eval/accuracy": 0.7, "eval/loss": 0.1 },
];

beforeAll(async () => {
  await selectBackend("cpu");
});

describe("training/best-parameters", () => {
  const variables = () => ({ w: tf.variable(tf.tensor1d([0])) });
  const set = (variable: tf.Variable, value: number) =>
    tf.tidy(() => variable.assign(tf.tensor1d([value])));

  test("gives back the values of the best step", async () => {
    const leaked = await leakedTensors(async () => {
      const current = tf.tidy(variables);
      const best = bestParameters(current, CRITERIA, []);
      for (const row of ROWS) {
        set(current.w, row.step);
        best.note(row);
      }
      expect(Array.from(best.variables["best/w"]?.dataSync() ?? [])).toEqual([3]);
      expect(best.use()).toBe(3);
      expect(Array.from(current.w.dataSync())).toEqual([3]);
      best.dispose();
      current.w.dispose();
    });
    expect(leaked).toBe(0);
  });

  test("goes on after a checkpoint as without the interruption", () => {
    const current = tf.tidy(variables);
    const best = bestParameters(current, CRITERIA, ROWS.slice(0, 3));
    // What a checkpoint after step 3 gives back.
    set(best.variables["best/w"] as tf.Variable, 3);
    set(current.w, 4);
    best.note(ROWS[3] as Record<string, number>);
    expect(best.use()).toBe(3);
    expect(Array.from(current.w.dataSync())).toEqual([3]);
    best.dispose();
    current.w.dispose();
  });

  test("without an evaluation the values stay", () => {
    const current = tf.tidy(variables);
    const best = bestParameters(current, CRITERIA, []);
    set(current.w, 1);
    best.note({ step: 1, loss: 2 });
    expect(best.use()).toBeNull();
    expect(Array.from(current.w.dataSync())).toEqual([1]);
    best.dispose();
    current.w.dispose();
  });
});
