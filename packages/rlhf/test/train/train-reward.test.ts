import "@tensorflow/tfjs-backend-cpu";
import {
  fullPolicy,
  type StepMetrics,
  type TrainablePolicy,
  trainableParameters,
} from "@preflab/lm";
import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { headPolicy, SCORE_HEAD } from "../../src/reward/reward-model.ts";
import { rewardEvaluator } from "../../src/train/evaluate-reward.ts";
import { parseRewardConfig } from "../../src/train/reward-config.ts";
import { type RewardInputs, trainReward } from "../../src/train/train-reward.ts";
import { SCORING, tinyPairs, tinyParameters } from "../tiny.ts";
import { valuesOf } from "../variables.ts";

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

function tinyModel(): TrainablePolicy {
  const params = tinyParameters(SCORING);
  const variables = trainableParameters(params);
  tf.dispose(Object.values(params));
  return fullPolicy(SCORING, variables);
}

const settings = (changes: Record<string, unknown> = {}) =>
  parseRewardConfig({
    batchSize: 16,
    maxSteps: 60,
    maxLength: 32,
    optimizer: { lr: 3e-3 },
    ...changes,
  });

async function run(
  inputs: RewardInputs,
  changes: Record<string, unknown> = {},
  model: TrainablePolicy = tinyModel(),
): Promise<StepMetrics[]> {
  const metrics: StepMetrics[] = [];
  await trainReward(model, inputs, settings(changes), { log: (row) => void metrics.push(row) });
  return metrics;
}

describe("train/train-reward", () => {
  test("learns an order that holds for prompts it has not seen", async () => {
    const model = tinyModel();
    const evaluator = rewardEvaluator(model, tinyPairs(200, 8), { batchSize: 64, maxLength: 32 });
    const before = await evaluator.evaluate();
    await run({ pairs: tinyPairs(1500) }, { maxSteps: 300 }, model);
    const after = await evaluator.evaluate();
    expect(before["eval/accuracy"]).toBeLessThan(0.7);
    expect(after["eval/accuracy"]).toBeGreaterThan(0.85);
    expect(after["eval/loss"]).toBeLessThan(before["eval/loss"] as number);
    evaluator.dispose();
  });

  test("margins and centering change the loss by what they say", async () => {
    const pairs = tinyPairs(16).map((pair, row) => ({ ...pair, meta: { row, margin: 2 } }));
    const inputs = { pairs, inOrder: true };
    const first = async (changes: Record<string, unknown>) =>
      (await run(inputs, { maxSteps: 1, ...changes }))[0] as StepMetrics;
    const plain = await first({});
    expect((await first({ margins: true })).loss).toBeGreaterThan(plain.loss);
    const [one, two] = [await first({ centerWeight: 1 }), await first({ centerWeight: 2 })];
    expect(one.loss).toBeGreaterThan(plain.loss);
    expect(two.loss - one.loss).toBeAllClose(one.loss - plain.loss, { atol: 1e-4, rtol: 1e-4 });
  });

  test("a head is trained alone on the trunk that it was given", async () => {
    const params = tinyParameters(SCORING);
    const model = headPolicy(SCORING, params);
    const before = valuesOf(params);
    const metrics = await run({ pairs: tinyPairs(500) }, { optimizer: { lr: 0.03 } }, model);
    const [first, last] = [0, -1].map((i) => metrics.at(i)?.loss) as [number, number];
    expect(last).toBeLessThan(0.7 * first);
    expect(valuesOf(params)).toEqual(before);
    const used = model.parameters();
    const changed = Object.keys(used).filter((name) => used[name] !== params[name]);
    expect([changed, Object.keys(model.variables)]).toEqual([[SCORE_HEAD], [SCORE_HEAD]]);
    tf.dispose(Object.values(params));
  });

  test("texts that are too long, pairs without tokens and dropout are errors", async () => {
    const pairs = tinyPairs(2);
    const long = { promptIds: [2], chosenIds: Array<number>(40).fill(3), rejectedIds: [1] };
    await expect(run({ pairs: [...pairs, long] })).rejects.toThrow("got up to 41 in pair 2");
    const empty = { promptIds: [], chosenIds: [3], rejectedIds: [] };
    await expect(run({ pairs: [empty] })).rejects.toThrow("in pair 0");
    expect(() => settings({ dropout: 0.1 })).toThrow("expected dropout 0");
    expect(() => settings({ centreWeight: 1 })).toThrow("got centreWeight");
  });

  test("leaves no tensors behind", async () => {
    const model = tinyModel();
    await run({ pairs: tinyPairs(20) }, { maxSteps: 2 }, model);
    const leaked = await leakedTensors(async () => {
      await run({ pairs: tinyPairs(20) }, { maxSteps: 2 }, model);
    });
    expect(leaked).toBe(0);
  });
});
