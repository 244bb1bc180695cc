/** What every policy that was trained on the task is held to. */

import type { TrainablePolicy } from "@preflab/lm";
import { expect } from "vitest";
import type { PerString } from "../../src/enumerable/exact.ts";
import {
  BETA,
  currentLogps,
  distanceToOptimum,
  gapToLimit,
  ROUNDING,
  type Task,
} from "../../src/enumerable/task.ts";

/** KL(policy || best policy) that counts as found, nats. The reference is ten times as far away. */
const FOUND = 0.02;

/** Expects a policy to be the best one for {@link BETA}, where the reference is far from it. */
export async function expectOptimum(task: Task, policy: TrainablePolicy): Promise<void> {
  const logps = await currentLogps(task, policy);
  expectWithinLimit(task, logps);
  expect(distanceToOptimum(task, task.referenceLogps, BETA)).toBeGreaterThan(10 * FOUND);
  expect(distanceToOptimum(task, logps, BETA)).toBeLessThan(FOUND);
}

/** Expects that no exactly evaluated policy has more reward than its divergence allows. */
export function expectWithinLimit(task: Task, logps: PerString): void {
  expect(gapToLimit(task, logps)).toBeGreaterThan(-ROUNDING);
}
