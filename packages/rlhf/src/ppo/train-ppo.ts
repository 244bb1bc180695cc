/** Proximal policy optimization of a language model against a reward function. */

import { type Snapshot, scheduleOf, type TrainOutcome } from "@preflab/lm";
import { type RolloutInputs, rolloutCollector } from "../rollouts/collect.ts";
import type { ReferenceModel } from "../rollouts/measure.ts";
import { rolloutStepper } from "../rollouts/rollout-stepper.ts";
import { type RolloutHooks, trainOnRollouts } from "../rollouts/train-rollouts.ts";
import { type ActorCritic, actorCriticMeter } from "./actor-critic.ts";
import type { PpoConfig } from "./config.ts";
import { ppoMethod } from "./method.ts";

/** What is trained with, beside model and settings. */
export interface PpoInputs extends RolloutInputs {
  /** What the policy is not to leave, with the policy's tokenizer. */
  readonly reference: ReferenceModel;
}

/**
 * Trains policy and values, whose variables change in place: Ziegler et al. 2019 (arXiv:1909.08593),
 * section 2. Logits are divided by the sampling temperature wherever the models are evaluated.
 * @param resume a checkpoint whose values the variables already have
 * @throws NonFiniteError, CollapseError, see `trainOnRollouts`
 * @throws RewardError for scores that cannot be used; the last checkpoint is as it was
 * @throws Error for prompts that do not fit, and a reference of another vocabulary
 */
export async function trainPpo(
  model: ActorCritic,
  { reference, ...inputs }: PpoInputs,
  config: PpoConfig,
  hooks: RolloutHooks = {},
  resume?: Snapshot & { readonly name: string },
): Promise<TrainOutcome> {
  const { rollout, optimizer, maxSteps, maxLength, batchSize, seed } = config;
  checkReference(model, reference);
  const collector = rolloutCollector(model.policy, inputs, { ...rollout, maxLength, seed });
  const { temperature } = rollout;
  const meter = actorCriticMeter(model, reference, { batchSize, maxLength, temperature });
  const method = ppoMethod(model, meter, config, { batchSize, maxLength, seed });
  const stepper = rolloutStepper({
    ...{ collector, method, score: config.score, kl: config.kl },
    schedule: scheduleOf(optimizer, maxSteps),
    clock: hooks.clock,
    onRollouts: hooks.onRollouts,
  });
  try {
    return await trainOnRollouts(stepper, { ...config, name: "trainPpo" }, hooks, resume);
  } finally {
    method.dispose();
    collector.dispose();
  }
}

function checkReference({ policy }: ActorCritic, reference: ReferenceModel): void {
  const [own, other] = [policy.config.vocabSize, reference.config.vocabSize];
  if (own === other) return;
  throw new Error(
    `trainPpo: expected a reference with the policy's vocabulary of ${own} tokens, got ${other}. ` +
      "Use the model that the policy began as.",
  );
}
