/**
 * PPO and RLOO with a fixed weight of the divergence find the policy that the theory names: the tests,
 * for the seeds that a file asks for.
 */

import type { TrainablePolicy, TrainOutcome } from "@preflab/lm";
import { parseRlooConfig, type RolloutHooks, trainRloo } from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  currentLogps,
  enumerableTask,
  methodInputs,
  type Task,
} from "../../src/enumerable/task.ts";
import {
  rolloutSettings,
  type SampledTraining,
  trainByPpo,
} from "../../src/enumerable/training.ts";
import { expectOptimum, expectWithinLimit } from "./assertions.ts";

const STEPS = 100;
/** Steps between exact evaluations on the way. */
const EVALUATE_EVERY = 25;

function trainByRloo(
  task: Task,
  policy: TrainablePolicy,
  training: SampledTraining,
  hooks: RolloutHooks,
): Promise<TrainOutcome> {
  const config = parseRlooConfig(rolloutSettings(training));
  return trainRloo(policy, methodInputs(task), config, hooks);
}

/** Declares the tests of both methods. */
export function describeRolloutMethods(seeds: readonly number[]): void {
  describe.each([
    ["PPO", trainByPpo],
    ["RLOO", trainByRloo],
  ])("enumerable/%s", (_, train) => {
    beforeAll(async () => {
      await selectBackend("ort");
    });
    afterEach(() => tf.disposeVariables());

    test.each(seeds)("seed %i: the policy becomes ref exp(r / beta) / Z", async (seed) => {
      const task = await enumerableTask(seed);
      const policy = task.policy();
      let evaluated = 0;
      const evaluate = async () => {
        evaluated++;
        expectWithinLimit(task, await currentLogps(task, policy));
        return {};
      };
      await train(
        task,
        policy,
        { steps: STEPS, seed, evaluateEvery: EVALUATE_EVERY },
        { evaluate },
      );
      expect(evaluated).toBe(STEPS / EVALUATE_EVERY);
      await expectOptimum(task, policy);
      task.dispose();
    });
  });
}
