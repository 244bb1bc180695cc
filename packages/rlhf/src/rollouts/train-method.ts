/** A run of a method of learning from rollouts, from its parts. */

import {
  type OptimizerConfig,
  type Snapshot,
  scheduleOf,
  type TrainablePolicy,
  type TrainOutcome,
} from "@preflab/lm";
import { type RolloutInputs, rolloutCollector } from "./collect.ts";
import type { RunSettings } from "./config.ts";
import type { ReferenceModel } from "./measure.ts";
import {
  type KlSettings,
  type RolloutMethod,
  rolloutStepper,
  type ScoreSettings,
} from "./rollout-stepper.ts";
import { type RolloutHooks, trainOnRollouts } from "./train-rollouts.ts";

/** What is trained with, beside model and settings. */
export interface MethodInputs extends RolloutInputs {
  /** What the policy is not to leave, with the policy's tokenizer. */
  readonly reference: ReferenceModel;
}

/** Settings that do not depend on the method. */
export interface MethodConfig extends RunSettings {
  readonly optimizer: OptimizerConfig;
  readonly score: ScoreSettings;
  readonly kl: KlSettings;
}

/**
 * Trains with a method, which is disposed in the end.
 * @param name for messages, such as `trainPpo` @param policy that samples
 * @throws NonFiniteError, CollapseError, see `trainOnRollouts`
 * @throws RewardError for scores that cannot be used; the last checkpoint is as it was
 * @throws Error for prompts that do not fit, and a reference of another vocabulary
 */
export async function trainMethod<Name extends string>(
  name: string,
  policy: TrainablePolicy,
  method: RolloutMethod<Name>,
  { reference, ...inputs }: MethodInputs,
  config: MethodConfig,
  hooks: RolloutHooks,
  resume: (Snapshot & { readonly name: string }) | undefined,
): Promise<TrainOutcome> {
  const { rollout, optimizer, score, kl, maxSteps, maxLength, seed } = config;
  try {
    checkReference(name, policy, reference);
    const collector = rolloutCollector(policy, inputs, { ...rollout, maxLength, seed });
    const { clock, onRollouts } = hooks;
    const schedule = scheduleOf(optimizer, maxSteps);
    const parts = { collector, method, score, kl, schedule, clock, onRollouts };
    try {
      return await trainOnRollouts(rolloutStepper(parts), { ...config, name }, hooks, resume);
    } finally {
      collector.dispose();
    }
  } finally {
    method.dispose();
  }
}

function checkReference(name: string, policy: TrainablePolicy, reference: ReferenceModel): void {
  const [own, other] = [policy.config.vocabSize, reference.config.vocabSize];
  if (own === other) return;
  throw new Error(
    `${name}: expected a reference with the policy's vocabulary of ${own} tokens, got ${other}. ` +
      "Use the model that the policy began as.",
  );
}
