/** DPO on a population of Bradley-Terry labels finds the policy that the theory names. */

import { parseDpoConfig, trainDpo } from "@preflab/dpo";
import type { StepMetrics, TrainablePolicy } from "@preflab/lm";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { enumerated } from "./enumerate.ts";
import { populationPreferences } from "./preferences.ts";
import {
  BETA,
  distanceToOptimum,
  enumerableTask,
  gapToLimit,
  MAX_LENGTH,
  PROMPTS,
  ROUNDING,
  type Task,
} from "./task.ts";

/** KL(policy || best policy) that counts as found, nats. */
const FOUND = 0.02;
const SEEDS = [1, 2, 3];

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

/** Trains from the reference. @returns the loss of the first step */
async function train(task: Task, policy: TrainablePolicy, seed: number): Promise<number> {
  const config = parseDpoConfig({
    objective: { name: "sigmoid", beta: BETA },
    optimizer: { name: "adamw", lr: 3e-3, schedule: "cosine", warmupSteps: 10 },
    batchSize: 128,
    epochs: 1,
    maxLength: MAX_LENGTH,
    seed,
  });
  const inputs = populationPreferences(task, { pairs: 6400, labels: 10, seed });
  const losses: number[] = [];
  await trainDpo(policy, inputs, config, {
    log: ({ loss }: StepMetrics) => {
      losses.push(loss);
    },
  });
  return losses[0] as number;
}

describe("enumerable/dpo", () => {
  test.each(SEEDS)("seed %i: the policy becomes ref exp(r / beta) / Z", async (seed) => {
    const task = await enumerableTask(seed);
    const policy = task.policy();
    const firstLoss = await train(task, policy, seed);
    const logps = await enumerated({ config: task.config, params: policy.variables }, PROMPTS);
    expect(firstLoss).toBeAllClose(Math.LN2, { rtol: 0, atol: 1e-5 });
    expect(distanceToOptimum(task, task.referenceLogps, BETA)).toBeGreaterThan(10 * FOUND);
    expect(distanceToOptimum(task, logps, BETA)).toBeLessThan(FOUND);
    expect(gapToLimit(task, logps)).toBeGreaterThan(-ROUNDING);
    task.dispose();
  });
});
