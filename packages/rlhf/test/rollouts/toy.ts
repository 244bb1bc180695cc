/** A task that tiny policies learn within seconds: tokens above 12. */

import {
  fullPolicy,
  type Params,
  type Snapshot,
  type StepMetrics,
  type TrainablePolicy,
  trainableParameters,
} from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import type { PolicyPrompt } from "../../src/rollouts/prompts.ts";
import type { StepRollouts } from "../../src/rollouts/rollout-stepper.ts";
import { CheckedReward } from "../../src/scoring/checked-reward.ts";
import { functionReward } from "../../src/scoring/reward-function.ts";
import { ROTARY, tinyPairs, tinyParameters } from "../tiny.ts";
import { assignValues, valuesOf } from "../variables.ts";

/** Prompts of one to five tokens. */
export const PROMPTS: readonly PolicyPrompt[] = tinyPairs(12).map(({ promptIds }) => ({
  ids: Array.from(promptIds),
  text: null,
}));

/** Share of a completion's tokens above 12, the one that ends it included. */
export function shareAbove(completionIds: ArrayLike<number>): number {
  return Array.from(completionIds).filter((id) => id > 12).length / completionIds.length;
}

/** The reward of the task. */
function shareReward(): CheckedReward {
  const share = functionReward("share", ({ completionIds }) => shareAbove(completionIds));
  return new CheckedReward(share, { timeoutMs: 10_000 });
}

/** Prompts and a reward that needs no texts. */
export function toyInputs(reward: CheckedReward = shareReward()) {
  return { prompts: PROMPTS, reward, decode: null };
}

/** A policy; its variables are disposed with all others. */
export function toyPolicy(seed = 1): TrainablePolicy {
  const params = tinyParameters(ROTARY, seed);
  const variables = trainableParameters(params);
  tf.dispose(Object.values(params));
  return fullPolicy(ROTARY, variables);
}

/** A reference, disposed after the body. */
export async function withReference<Result>(
  seed: number,
  body: (reference: { config: typeof ROTARY; params: Params }) => Promise<Result>,
): Promise<Result> {
  const params = tinyParameters(ROTARY, seed);
  try {
    return await body({ config: ROTARY, params });
  } finally {
    tf.dispose(Object.values(params));
  }
}

/** A checkpoint with values of the variables. */
export type Saved = Snapshot & {
  readonly name: string;
  readonly values: Readonly<Record<string, Float32Array>>;
};

/** A policy with the values of a checkpoint. */
export function restored({ values }: Saved): TrainablePolicy {
  const policy = toyPolicy(99);
  assignValues(policy.variables, values);
  return policy;
}

/** Hooks that keep what a run tells. */
export function recorder(policy: TrainablePolicy) {
  const metrics: StepMetrics[] = [];
  const checkpoints: Saved[] = [];
  const rollouts: StepRollouts[] = [];
  const hooks = {
    log: (row: StepMetrics) => void metrics.push(row),
    save: async (snapshot: Snapshot) => {
      const name = `step-${snapshot.step}`;
      checkpoints.push({ ...snapshot, name, values: valuesOf(policy.variables) });
      return name;
    },
    onRollouts: (step: StepRollouts) => void rollouts.push(step),
  };
  return { metrics, checkpoints, rollouts, hooks };
}

/** Mean of a metric over the first, and over the last, steps. */
export function firstAndLast(
  metrics: readonly StepMetrics[],
  name: string,
  steps: number,
): readonly [number, number] {
  const mean = (rows: readonly StepMetrics[]) =>
    rows.reduce((sum, row) => sum + (row[name] as number), 0) / rows.length;
  return [mean(metrics.slice(0, steps)), mean(metrics.slice(-steps))];
}
