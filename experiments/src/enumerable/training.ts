/**
 * DPO and PPO as they find the optimum of the task: with preferences of a whole population, and with a
 * fixed weight of the divergence.
 */

import { parseDpoConfig, trainDpo } from "@preflab/dpo";
import type { TrainablePolicy, TrainHooks, TrainOutcome } from "@preflab/lm";
import { createActorCritic, parsePpoConfig, type RolloutHooks, trainPpo } from "@preflab/rlhf";
import * as tf from "@tensorflow/tfjs-core";
import { populationPreferences } from "./preferences.ts";
import { LONGEST } from "./strings.ts";
import { BETA, MAX_LENGTH, methodInputs, PROMPTS, type Task } from "./task.ts";

/** Labels of a pair: examples of it that meet in one batch. */
const LABELS = 4;
const DPO_BATCH = 128;
/** Completions of a step of the methods that sample. */
const COMPLETIONS = 256;

/**
 * Trains by DPO.
 * @param policy starts as the reference
 * @param steps 500 come within 0.02 nats of the optimum
 */
export function trainByDpo(
  task: Task,
  policy: TrainablePolicy,
  { steps, seed }: { readonly steps: number; readonly seed: number },
  hooks: TrainHooks,
): Promise<TrainOutcome> {
  const config = parseDpoConfig({
    objective: { name: "sigmoid", beta: BETA },
    optimizer: { lr: 3e-3, schedule: "cosine", warmupSteps: 10, maxGradNorm: 0 },
    batchSize: DPO_BATCH,
    epochs: 1,
    maxLength: MAX_LENGTH,
    seed,
  });
  const pairs = (steps * DPO_BATCH) / LABELS;
  return trainDpo(
    policy,
    populationPreferences(task, { pairs, labels: LABELS, seed }),
    config,
    hooks,
  );
}

/** A training of a method that samples. */
export interface SampledTraining {
  readonly steps: number;
  readonly seed: number;
  /** Steps between evaluations by the hooks; after the last one unless given. */
  readonly evaluateEvery?: number;
}

/**
 * Settings that PPO shares with other methods that sample. The rate falls to 0, so that what is left
 * of the noise of samples does not keep the policy from the optimum.
 */
export function rolloutSettings({ steps, seed, evaluateEvery = steps }: SampledTraining) {
  return {
    ...{ maxSteps: steps, maxLength: MAX_LENGTH, batchSize: COMPLETIONS, seed },
    evalEvery: evaluateEvery,
    optimizer: { name: "adamw", lr: 3e-3, eps: 1e-8, schedule: "linear", maxGradNorm: 1 },
    rollout: {
      completions: COMPLETIONS,
      samplesPerPrompt: COMPLETIONS / PROMPTS.length,
      maxNewTokens: LONGEST,
      temperature: 1,
    },
    kl: { estimator: "k1", initial: BETA, target: "none" },
  };
}

/**
 * Trains by PPO.
 * @param policy starts as the reference
 * @param training 100 steps come within 0.02 nats of the optimum
 */
export async function trainByPpo(
  task: Task,
  policy: TrainablePolicy,
  training: SampledTraining,
  hooks: RolloutHooks,
): Promise<TrainOutcome> {
  // No whitening: advantages vanish at the optimum, and must be allowed to.
  const config = parsePpoConfig({
    ...rolloutSettings(training),
    preset: "n-details",
    score: { unfinished: { mode: "none" } },
    advantages: { gamma: 1, lambda: 1, whitenRewards: false, whiten: "none" },
    update: { epochs: 2, minibatches: 2, valueClipRange: "none" },
  });
  const start = { params: task.reference, rewardModel: null };
  const model = createActorCritic(policy, config.value, start, training.seed);
  try {
    return await trainPpo(model, methodInputs(task), config, hooks);
  } finally {
    tf.dispose({ ...model.valueVariables });
  }
}
