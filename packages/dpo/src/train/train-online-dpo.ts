/**
 * Training on preferences among the policy's own samples, which are made as it goes: online DPO, Guo
 * et al. 2024 (arXiv:2402.04792). With a reference that follows the policy it is iterative DPO. Knows
 * nothing of sampling and scores.
 */

import type { TokenizedPair } from "@preflab/data";
import {
  BATCH_PROGRAMS,
  batchesByLength,
  meanOfSteps,
  optimizerStep,
  runLoop,
  type Schedule,
  type Snapshot,
  type Stepper,
  scheduleOf,
  type TrainablePolicy,
  type TrainHooks,
  type TrainOutcome,
} from "@preflab/lm";
import type { MicroBatch, StepResult, TrainStep } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { longestText } from "../groups/group.ts";
import type { ReferenceSource } from "../reference/reference.ts";
import type { OnlineDpoConfig } from "./online-config.ts";
import { checkLengths, pairPreferences } from "./preferences.ts";
import type { FollowingReference } from "./reference-sync.ts";
import { batchLoss, microBatch, type StepTensors, updateReference } from "./train-dpo.ts";

/** Completions of a pair. */
const PAIR = 2;

/** Pairs of a step. */
export interface OnlinePairs {
  /** None where no sample is preferred to another. */
  readonly pairs: readonly TokenizedPair[];
  /** To be logged with the step. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What is trained with, beside policy and settings. */
export interface OnlineDpoInputs {
  /** A function of the step, from 1, and the policy's weights; for resumed runs of these alone. */
  readonly pairs: (step: number) => Promise<OnlinePairs>;
  /** Live, or none: see `liveReference` and `noReference`. */
  readonly reference: ReferenceSource;
  /** With `referenceSync`: the model behind `reference`. */
  readonly following?: FollowingReference;
}

/**
 * Trains `policy`; its variables change in place. The pairs of a step are used once, `batchSize *
 * gradAccum` of them per optimizer step. A step without pairs changes nothing: its `pairs` is 0 and
 * its loss NaN.
 * @param resume a checkpoint whose parameters the policy (and `following`) already have
 * @throws NonFiniteError, see `runLoop`
 * @throws DataError for texts that are too long
 */
export async function trainOnlineDpo(
  policy: TrainablePolicy,
  inputs: OnlineDpoInputs,
  config: OnlineDpoConfig,
  hooks: TrainHooks = {},
  resume?: Snapshot & { readonly name: string },
): Promise<TrainOutcome> {
  const { optimizer, maxSteps, evalEvery, saveEvery } = config;
  const name = "trainOnlineDpo";
  const step = optimizerStep<StepTensors>(
    {
      ...{ name, variables: policy.variables, programs: BATCH_PROGRAMS },
      loss: (...tensors) => batchLoss(policy, config, PAIR, tensors),
    },
    optimizer,
  );
  const stepper = onlineStepper(step, policy, inputs, config, scheduleOf(optimizer, maxSteps));
  try {
    return await runLoop({ name, stepper, maxSteps, resume, evalEvery, saveEvery }, hooks);
  } finally {
    step.dispose();
  }
}

function onlineStepper(
  trainStep: TrainStep<StepTensors>,
  policy: TrainablePolicy,
  inputs: OnlineDpoInputs,
  config: OnlineDpoConfig,
  schedule: Schedule,
): Stepper {
  return {
    take: async (step) => {
      const lr = schedule(step);
      updateReference(policy, inputs, config, step);
      const { pairs, metrics = {} } = await inputs.pairs(step);
      const results = await optimizerSteps(trainStep, lr, pairs, inputs.reference, config);
      const updates = { pairs: pairs.length, updates: results.length };
      const { loss, gradNorm, applied, metrics: own } = meanOfSteps(results);
      const row = { step, loss, lr, grad_norm: gradNorm, ...own, ...metrics, ...updates };
      return { metrics: row, applied };
    },
    state: () => ({ optimizer: trainStep.state(), numbers: {} }),
    restore: ({ optimizer }) => trainStep.restore(optimizer),
  };
}

/** Steps on pairs in their order, until one is not applied. */
async function optimizerSteps(
  trainStep: TrainStep<StepTensors>,
  lr: number,
  pairs: readonly TokenizedPair[],
  reference: ReferenceSource,
  config: OnlineDpoConfig,
): Promise<StepResult[]> {
  if (pairs.length === 0) return [];
  const { batchSize, gradAccum, maxLength } = config;
  const preferences = pairPreferences(pairs);
  checkLengths(preferences, maxLength);
  const { groups } = preferences;
  const results: StepResult[] = [];
  const size = batchSize * gradAccum;
  for (let begin = 0; begin < groups.length; begin += size) {
    const lengths = groups.slice(begin, begin + size).map(longestText);
    const parts: MicroBatch<StepTensors>[] = [];
    try {
      for (const rows of batchesByLength(lengths, batchSize)) {
        const indices = rows.map((row) => begin + row);
        parts.push(await microBatch({ preferences, reference }, config, indices));
      }
      const result = await trainStep.runAccumulated(lr, parts);
      results.push(result);
      if (!result.applied) break;
    } finally {
      for (const { batch } of parts) tf.dispose([...batch]);
    }
  }
  return results;
}
