/** Training on preferences: the shared loop with the losses of ./loss.ts. */

import {
  BATCH_PROGRAMS,
  type GradientTraining,
  type Params,
  type Snapshot,
  type StepOrder,
  stepOrder,
  type TrainablePolicy,
  type TrainHooks,
  type TrainOutcome,
  trainOnBatches,
} from "@preflab/lm";
import type { MicroBatch } from "@preflab/tfjs-backend-ort";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { completionScores, type GroupBatch, groupBatch } from "../groups/forward.ts";
import { completionsPerGroup, type Group, longestText } from "../groups/group.ts";
import { layOut } from "../groups/layout.ts";
import { reduceLogps } from "../groups/reduction.ts";
import { responseWeights } from "../objectives/token-terms.ts";
import type { ReferenceSource } from "../reference/reference.ts";
import type { DpoConfig } from "./config.ts";
import { type CompletionBatch, type Loss, preferenceLoss } from "./loss.ts";
import { checkLengths, type Preferences } from "./preferences.ts";
import type { FollowingReference } from "./reference-sync.ts";

/** Tensors of a step: those of {@link GroupBatch}, reference log-probabilities, labels. */
export type StepTensors = [
  ids: Tensor2D,
  positions: Tensor2D,
  branches: Tensor2D,
  predictors: Tensor2D,
  targets: Tensor2D,
  mask: Tensor2D,
  referenceLogps: Tensor1D,
  labels: Tensor1D,
];

/** What is trained with, beside policy and settings. */
export interface DpoInputs {
  readonly preferences: Preferences;
  readonly reference: ReferenceSource;
  /** With `referenceSync`: the model behind `reference`. */
  readonly following?: FollowingReference;
  /** In consecutive order instead of shuffled. Default false. */
  readonly inOrder?: boolean;
}

/** The order in which a run sees its examples. */
export function preferenceOrder(
  { groups }: Preferences,
  config: Pick<DpoConfig, "batchSize" | "gradAccum" | "seed">,
  inOrder = false,
): StepOrder {
  const { batchSize, gradAccum, seed } = config;
  return stepOrder(groups.map(longestText), { batchSize, gradAccum, seed, shuffle: !inOrder });
}

/**
 * Trains `policy` on preferences; its variables change in place. Loss and gradient are those of a
 * whole step's examples, however they are cut into micro-batches, for objectives on rows.
 * @param resume a checkpoint whose parameters the policy (and `following`) already have
 * @throws NonFiniteError, see `runLoop`
 * @throws Error for examples that are too long or not of the objective's kind
 */
export async function trainDpo(
  policy: TrainablePolicy,
  inputs: DpoInputs,
  config: DpoConfig,
  hooks: TrainHooks = {},
  resume?: Snapshot & { readonly name: string },
): Promise<TrainOutcome> {
  const { preferences, inOrder = false } = inputs;
  checkKind(preferences, config);
  checkLengths(preferences, Math.min(config.maxLength, mostTokens(policy)));
  const order = preferenceOrder(preferences, config, inOrder);
  const completions = completionsPerGroup(preferences.groups);
  const training: GradientTraining<StepTensors> = {
    name: "trainDpo",
    variables: policy.variables,
    loss: (...tensors) => batchLoss(policy, config, completions, tensors),
    batches: async (step) => {
      updateReference(policy, inputs, config, step);
      const parts: MicroBatch<StepTensors>[] = [];
      for (const indices of order.at(step)) parts.push(await microBatch(inputs, config, indices));
      return parts;
    },
    stepsPerEpoch: order.stepsPerEpoch,
    programs: BATCH_PROGRAMS,
  };
  return trainOnBatches(training, config, hooks, resume);
}

/** Loss and metrics of one batch, in a graph. */
export function batchLoss(
  policy: TrainablePolicy,
  config: DpoConfig,
  completions: number,
  [ids, positions, branches, predictors, targets, mask, referenceLogps, labels]: StepTensors,
): Loss {
  const group = { ids, positions, branches, predictors, targets, mask };
  const model = { config: policy.config, params: policy.parameters() };
  const { logps, collisions } = completionScores(model, group, config.wpo);
  const batch: CompletionBatch = {
    policyLogps: reduceLogps(logps, mask, config, completions),
    referenceLogps,
    lengths: tf.sum(mask, 1),
    labels,
    weights: collisions && responseWeights(logps, collisions, mask),
    completions,
  };
  return preferenceLoss(config.objective, config, batch);
}

/** The tensors of some examples, which the caller disposes. */
export async function stepTensors(
  { preferences, reference }: DpoInputs,
  { layout, maxLength }: DpoConfig,
  indices: readonly number[],
): Promise<StepTensors> {
  const groups = indices.map((i) => preferences.groups[i] as Group);
  const batch = groupBatch(layOut(groups, { layout, maxLength }));
  const referenceLogps = await reference.logps(indices, batch);
  const { ids, positions, branches, predictors, targets, mask }: GroupBatch = batch;
  const labels = tf.tensor1d(indices.map((i) => (preferences.labels?.[i] ? 1 : 0)));
  return [ids, positions, branches, predictors, targets, mask, referenceLogps, labels];
}

/** Some examples as a part of a step. */
export async function microBatch(
  inputs: DpoInputs,
  config: DpoConfig,
  indices: readonly number[],
): Promise<MicroBatch<StepTensors>> {
  return { batch: await stepTensors(inputs, config, indices), weight: indices.length };
}

/**
 * Lets the reference follow after every so many steps.
 * @param step the one that is taken next, from 1
 */
export function updateReference(
  policy: TrainablePolicy,
  { following }: Pick<DpoInputs, "following">,
  { referenceSync: { every, mix } }: DpoConfig,
  step: number,
): void {
  if (every === 0 || step === 1 || (step - 1) % every !== 0) return;
  if (!following) {
    throw new Error(
      "updateReference: expected following with referenceSync, got none. Pass the reference.",
    );
  }
  const params: Params = tf.tidy(() => ({ ...policy.parameters() }));
  following.follow(params, mix);
}

/** Tokens of a text that the model has positions for. */
function mostTokens({ config: { position, maxPositions } }: TrainablePolicy): number {
  return position.kind === "learned" ? maxPositions : Number.POSITIVE_INFINITY;
}

function checkKind({ kind }: Preferences, { objective }: DpoConfig): void {
  if (objective.kind === kind) return;
  throw new Error(
    `trainDpo: expected ${objective.kind} examples for the objective ${objective.name}, got ` +
      `${kind} examples.`,
  );
}
