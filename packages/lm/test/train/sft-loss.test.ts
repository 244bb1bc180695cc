import "@tensorflow/tfjs-backend-cpu";
import { numericGradient } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { completionRow, padBatch, toTensors } from "../../src/train/rows.ts";
import { SFT_REDUCTIONS, sftLoss, sftWeight } from "../../src/train/sft-loss.ts";

/** Float32 sums of a few numbers. */
const ROUNDING = { rtol: 1e-6, atol: 1e-6 };
/** Central differences of a float32 loss. */
const FINITE_DIFFERENCE = { rtol: 1e-2, atol: 1e-3 };

beforeAll(() => tf.setBackend("cpu"));

/** Row 0 learns its last two tokens, row 1 its last one, row 2 is empty. */
const padded = () => padBatch([completionRow([1, 2], [3, 4]), completionRow([1], [2])], 3, 4, 0);
const LOGPS = [-9, -1, -2, -4, -8, -8, -8, -8, -8];
const logps = () => tf.tensor2d(LOGPS, [3, 3]);

describe("train/sft-loss", () => {
  test.each([
    ["tokenMean", (1 + 2 + 4) / 3, 3],
    ["sequenceMean", (1.5 + 4) / 2, 2],
    ["sequenceSum", (3 + 4) / 2, 2],
  ] as const)("%s by hand", (reduction, expected, weight) => {
    const loss = sftLoss(logps(), toTensors(padded()), reduction);
    expect(loss.dataSync()[0]).toBeAllClose(expected, ROUNDING);
    expect(sftWeight(padded(), reduction)).toBe(weight);
  });

  test("the default is the mean over completion tokens", () => {
    const batch = toTensors(padded());
    expect(sftLoss(logps(), batch).dataSync()).toEqual(
      sftLoss(logps(), batch, "tokenMean").dataSync(),
    );
  });

  test.each(SFT_REDUCTIONS)("%s of batches, weighted, is that of all rows", (reduction) => {
    const rows = [
      completionRow([1, 2], [3, 4]),
      completionRow([1], [2]),
      completionRow([1], [3, 4, 5]),
    ];
    const values = LOGPS.map((x, i) => x - i);
    const loss = (from: number, to: number) => {
      const batch = padBatch(rows.slice(from, to), to - from, 4, 0);
      const part = tf.tensor2d(values.slice(3 * from, 3 * to), [to - from, 3]);
      return {
        loss: sftLoss(part, toTensors(batch), reduction).dataSync()[0] as number,
        weight: sftWeight(batch, reduction),
      };
    };
    const parts = [loss(0, 1), loss(1, 3)];
    const total = parts.reduce((sum, { weight }) => sum + weight, 0);
    const mean = parts.reduce((sum, { loss, weight }) => sum + (loss * weight) / total, 0);
    expect(mean).toBeAllClose(loss(0, 3).loss, ROUNDING);
  });

  test.each(SFT_REDUCTIONS)("%s has the gradient of its finite differences", (reduction) => {
    const batch = toTensors(padded());
    const gradient = tf.grad((x: tf.Tensor) => sftLoss(x as tf.Tensor2D, batch, reduction));
    const numeric = numericGradient(
      (x) =>
        sftLoss(
          tf.tensor2d(Float32Array.from(x), [3, 3]),
          batch,
          reduction,
        ).dataSync()[0] as number,
      Float64Array.from(LOGPS),
      { step: 1e-2 },
    );
    expect(gradient(logps()).dataSync()).toBeAllClose(numeric, FINITE_DIFFERENCE);
  });

  test("a batch with nothing to learn has loss 0 and weight 0, not NaN", () => {
    const batch = padBatch([], 2, 4, 0);
    for (const reduction of SFT_REDUCTIONS) {
      const loss = sftLoss(tf.zeros([2, 3]), toTensors(batch), reduction);
      expect(loss.dataSync()[0]).toBe(0);
      expect(sftWeight(batch, reduction)).toBe(0);
    }
  });
});
