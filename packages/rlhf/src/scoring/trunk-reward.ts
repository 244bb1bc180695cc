/**
 * A reward model on the trunk of a reference: one copy of its parameters, and one pass over rollouts
 * for what both say of them. ../rollouts/measure.ts makes that pass.
 */

import { isDeepStrictEqual } from "node:util";
import type { ModelConfig, Params } from "@preflab/lm";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { normalizeScores } from "../reward/normalize.ts";
import { type RewardModel, SCORE_HEAD } from "../reward/reward-model.ts";
import type { ScorerOptions } from "../reward/scorer.ts";
import { learnedReward } from "./model-reward.ts";
import type { RewardFunction } from "./reward-function.ts";

/** A reward function that can be told what it would say. */
export interface TrunkReward extends RewardFunction {
  /** Scores before normalisation, in a graph, of the states of last tokens `[B, D]`. `[B]` */
  scoresOf(states: Tensor2D): Tensor1D;
  /**
   * Tells such scores of rollouts. As inputs the same objects need no pass of their own; all others
   * get one, so that who tells nothing loses time alone.
   */
  tell(rollouts: readonly object[], scores: readonly number[]): void;
}

/** As `learnedReward`. @param model see {@link onTrunk}; stays the caller's */
export function trunkReward(model: RewardModel, options: ScorerOptions): TrunkReward {
  const { params, normalization } = model;
  const reward = learnedReward(model, options);
  const told = new WeakMap<object, number>();
  return {
    ...reward,
    score: async (inputs, signal) => {
      const known = inputs.map((input) => told.get(input)).filter((score) => score !== undefined);
      if (known.length < inputs.length) return reward.score(inputs, signal);
      return normalizeScores(known, normalization);
    },
    scoresOf: (states) => tf.reshape(tf.matMul(states, params[SCORE_HEAD] as Tensor2D), [-1]),
    tell: (rollouts, scores) => {
      rollouts.forEach((rollout, i) => {
        told.set(rollout, scores[i] as number);
      });
    },
  };
}

/**
 * A reward model with the tensors of a frozen model in place of its own, where all but the heads are
 * the same byte for byte; its own are then disposed.
 * @returns null where they are not, and the reward model stays as it is
 */
export function onTrunk(
  { config, params, normalization }: RewardModel,
  other: { readonly config: ModelConfig; readonly params: Params },
): RewardModel | null {
  const { [SCORE_HEAD]: head, ...trunk } = params;
  const names = Object.keys(trunk);
  const isSame =
    head !== undefined &&
    isDeepStrictEqual(architecture(config), architecture(other.config)) &&
    names.every((name) => haveSameBytes(trunk[name] as Tensor, other.params[name]));
  if (!isSame) return null;
  const shared = names.map((name) => [name, other.params[name] as Tensor] as const);
  tf.dispose(trunk);
  return { config, params: { ...Object.fromEntries(shared), [SCORE_HEAD]: head }, normalization };
}

/** What states depend on. */
function architecture(config: ModelConfig): object {
  const { labels: _, specialIds: _ids, tiedEmbeddings: _tied, ...rest } = config;
  return rest;
}

function haveSameBytes(a: Tensor, b: Tensor | undefined): boolean {
  if (!b || !tf.util.arraysEqual(a.shape, b.shape)) return false;
  const [first, second] = [a, b].map((tensor) => {
    const { buffer, byteOffset, byteLength } = tensor.dataSync<"float32">();
    return Buffer.from(buffer, byteOffset, byteLength);
  }) as [Buffer, Buffer];
  return first.equals(second);
}
