/** Accumulation through a whole transformer, in both modes of a training step. */
import "@tensorflow/tfjs-backend-cpu";
import { type TrainMode, trainStep } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { tokenLogps } from "../../src/logps.ts";
import { adamw } from "../../src/optim/adam.ts";
import { sgd } from "../../src/optim/sgd.ts";
import { rowBatches } from "../../src/train/batches.ts";
import { toTensors } from "../../src/train/rows.ts";
import { sftLoss, sftWeight } from "../../src/train/sft-loss.ts";
import { TINY, tinyPolicy, tinyRows, values } from "./tiny.ts";

/** Sums over rows in another order, and six steps of it. */
const ACCUMULATED = { atol: 1e-5, rtol: 1e-5 };

type Batch = [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];

beforeAll(() => tf.setBackend("ort"));
afterEach(() => tf.disposeVariables());

async function train(mode: TrainMode, batchSize: number, rule = sgd()): Promise<Float32Array> {
  const policy = tinyPolicy();
  const params = policy.parameters();
  const step = trainStep<Batch>({
    params: policy.variables,
    rule,
    mode,
    maxGradNorm: 1,
    loss: (ids, attentionMask, completionMask) => {
      const batch = { ids, attentionMask, completionMask };
      return { loss: sftLoss(tokenLogps({ config: TINY, params }, batch), batch) };
    },
  });
  expect(step.mode).toBe(mode);
  const batches = rowBatches(tinyRows(24), {
    batchSize,
    gradAccum: 8 / batchSize,
    seed: 1,
    maxLength: 32,
  });
  for (let number = 1; number <= 6; number++) {
    const parts = batches.at(number).map((padded) => {
      const { ids, attentionMask, completionMask } = toTensors(padded);
      const batch: Batch = [ids, attentionMask, completionMask];
      return { batch, weight: sftWeight(padded, "tokenMean") };
    });
    await step.runAccumulated(0.5, parts);
  }
  step.dispose();
  return values(policy);
}

describe("train: modes of a step", () => {
  test.each(["one-graph", "flat"] as const)("bs 1 x accum 8 is bs 8: %s", async (mode) => {
    expect(await train(mode, 1)).toBeAllClose(await train(mode, 8), ACCUMULATED);
  });

  test("both modes do the same arithmetic on micro-batches", async () => {
    const rule = adamw({ weightDecay: 0.1 });
    expect(await train("flat", 2, rule)).toBeAllClose(
      await train("one-graph", 2, rule),
      ACCUMULATED,
    );
  });
});
