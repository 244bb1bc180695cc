/** One optimizer step on a minibatch of rollouts, whatever its loss is. */

import {
  BATCH_PROGRAMS,
  batchesByLength,
  type OptimizerConfig,
  optimizerStep,
  type Variables,
} from "@preflab/lm";
import type { LossOutput, MicroBatch, StepResult, TrainStep } from "@preflab/tfjs-backend-ort";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { TokenNumbers } from "../token-numbers.ts";
import {
  completionWidth,
  type Rollout,
  type RolloutTensors,
  rolloutLength,
  rolloutTensors,
  tokenTensor,
} from "./rollouts.ts";

/** Rollouts with numbers per completion token by name, one row per rollout. */
export type Minibatch<Name extends string> = {
  readonly rollouts: readonly Rollout[];
} & Readonly<Record<Name, TokenNumbers>>;

/** How a minibatch is computed. */
export interface UpdaterOptions {
  /** Rollouts computed together; memory, not results, depends on it. */
  readonly batchSize: number;
  /** Most tokens of a text. */
  readonly maxLength: number;
}

/** What is minimised. */
export interface RolloutLoss<Name extends string> {
  /** For messages. */
  readonly name: string;
  readonly variables: Variables;
  /** Names of what the loss needs beside the rollouts. */
  readonly numbers: readonly Name[];
  /** What loss and metrics are means over: all completion tokens alike, or completions. */
  readonly meanOver: "tokens" | "completions";
  /** Loss and metrics in a graph. @param numbers `[B, C]`, 0 at padding */
  compute(batch: RolloutTensors, numbers: Readonly<Record<Name, Tensor2D>>): LossOutput;
}

/** Tensors of a micro-batch: those of `RolloutTensors`, then the numbers in the loss's order. */
type StepTensors = [
  ids: Tensor2D,
  attentionMask: Tensor2D,
  places: Tensor2D,
  targets: Tensor2D,
  mask: Tensor2D,
  ...numbers: Tensor2D[],
];

/** Takes optimizer steps. */
export interface RolloutUpdater<Name extends string> {
  /** Of the optimizer, for checkpoints. */
  readonly step: Pick<TrainStep<StepTensors>, "state" | "restore">;
  /**
   * One step on the loss of a whole minibatch. Numbers before the update; of extreme ratios the mean
   * over micro-batches.
   */
  update(lr: number, minibatch: Minibatch<Name>): Promise<StepResult>;
  dispose(): void;
}

/** An updater of the loss's variables, which change in place. */
export function rolloutUpdater<Name extends string>(
  { name, variables, numbers: names, meanOver, compute }: RolloutLoss<Name>,
  optimizer: OptimizerConfig,
  { batchSize, maxLength }: UpdaterOptions,
): RolloutUpdater<Name> {
  const step = optimizerStep<StepTensors>(
    {
      name,
      variables,
      loss: (...[ids, attentionMask, places, targets, mask, ...numbers]) => {
        const named = Object.fromEntries(names.map((key, i) => [key, numbers[i]]));
        const batch = { ids, attentionMask, places, targets, mask };
        return compute(batch, named as Record<Name, Tensor2D>);
      },
      programs: BATCH_PROGRAMS,
    },
    optimizer,
  );
  const microBatch = (
    minibatch: Minibatch<Name>,
    rows: readonly number[],
  ): MicroBatch<StepTensors> => {
    const pick = <Item>(items: readonly Item[]) => rows.map((row) => items[row] as Item);
    const rollouts = pick(minibatch.rollouts);
    const width = completionWidth(rollouts, maxLength);
    const { ids, attentionMask, places, targets, mask } = rolloutTensors(rollouts, maxLength);
    const numbers = names.map((key) => tokenTensor(pick(minibatch[key]), width));
    const tokens = rollouts.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
    const weight = meanOver === "tokens" ? tokens : rollouts.length;
    return { batch: [ids, attentionMask, places, targets, mask, ...numbers], weight };
  };
  const update = async (lr: number, minibatch: Minibatch<Name>) => {
    const lengths = minibatch.rollouts.map(rolloutLength);
    const parts = batchesByLength(lengths, batchSize).map((rows) => microBatch(minibatch, rows));
    try {
      return await step.runAccumulated(lr, parts);
    } finally {
      for (const { batch } of parts) tf.dispose([...batch]);
    }
  };
  return { step, update, dispose: () => step.dispose() };
}
