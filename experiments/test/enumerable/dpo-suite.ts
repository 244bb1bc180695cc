/**
 * DPO on a population of Bradley-Terry labels finds the policy that the theory names: the test, for
 * the seeds that a file asks for.
 */

import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { enumerableTask } from "../../src/enumerable/task.ts";
import { trainByDpo } from "../../src/enumerable/training.ts";
import { expectOptimum } from "./assertions.ts";

const STEPS = 500;
/** Log 2 in float32. */
const FLOAT32 = { rtol: 0, atol: 1e-5 };

/** Declares the test. */
export function describeDpo(seeds: readonly number[]): void {
  describe("enumerable/dpo", () => {
    beforeAll(async () => {
      await selectBackend("ort");
    });
    afterEach(() => tf.disposeVariables());

    test.each(seeds)("seed %i: the policy becomes ref exp(r / beta) / Z", async (seed) => {
      const task = await enumerableTask(seed);
      const policy = task.policy();
      const losses: number[] = [];
      const log = ({ loss }: { readonly loss: number }) => {
        losses.push(loss);
      };
      await trainByDpo(task, policy, { steps: STEPS, seed }, { log });
      expect(losses).toHaveLength(STEPS);
      expect(losses[0]).toBeAllClose(Math.LN2, FLOAT32);
      await expectOptimum(task, policy);
      task.dispose();
    });
  });
}
