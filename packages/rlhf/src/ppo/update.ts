/** One optimizer step of PPO on a minibatch of rollouts. */

import { optimizerRule } from "@preflab/lm";
import {
  type MicroBatch,
  type StepResult,
  type TrainStep,
  trainStep,
} from "@preflab/tfjs-backend-ort";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { ppoLoss } from "../losses/ppo-loss.ts";
import type { TokenNumbers } from "../token-numbers.ts";
import type { ActorCritic } from "./actor-critic.ts";
import { completionWidth, type Rollout, rolloutTensors, tokenTensor } from "./rollouts.ts";
import type { PpoSettings } from "./settings.ts";

/** Rollouts with everything that an update needs, one row of numbers per rollout. */
export interface Minibatch {
  readonly rollouts: readonly Rollout[];
  /** Of the policy that sampled, at the sampling temperature, nats. */
  readonly oldLogps: TokenNumbers;
  readonly oldValues: TokenNumbers;
  readonly advantages: TokenNumbers;
  readonly returns: TokenNumbers;
}

/** How a minibatch is computed. */
export interface UpdaterOptions {
  /** Rollouts computed together; memory, not results, depends on it. */
  readonly batchSize: number;
  /** Most tokens of a text. */
  readonly maxLength: number;
}

/** Takes optimizer steps. */
export interface PpoUpdater {
  /** Of the optimizer, for checkpoints. */
  readonly step: TrainStep<StepTensors>;
  /**
   * One step on the losses of all completion tokens of a minibatch alike. Numbers before the update;
   * of extreme ratios the mean over micro-batches.
   */
  update(lr: number, minibatch: Minibatch): Promise<StepResult>;
  dispose(): void;
}

/** Tensors of a micro-batch: those of `RolloutTensors`, then `[B, C]` numbers per token. */
type StepTensors = [
  ids: Tensor2D,
  attentionMask: Tensor2D,
  places: Tensor2D,
  targets: Tensor2D,
  mask: Tensor2D,
  oldLogps: Tensor2D,
  oldValues: Tensor2D,
  advantages: Tensor2D,
  returns: Tensor2D,
];

/** An updater of a policy and its values, whose variables change in place. */
export function ppoUpdater(
  model: ActorCritic,
  { optimizer, update: settings, rollout }: Pick<PpoSettings, "optimizer" | "update" | "rollout">,
  { batchSize, maxLength }: UpdaterOptions,
): PpoUpdater {
  const step = trainStep<StepTensors>({
    name: "ppo",
    params: model.variables,
    rule: optimizerRule(optimizer),
    loss: (...[ids, attentionMask, places, targets, mask, ...numbers]) => {
      const [oldLogps, oldValues, advantages, returns] = numbers;
      const batch = { ids, attentionMask, places, targets, mask };
      const output = model.forward(batch, rollout.temperature);
      return ppoLoss({ mask, ...output, oldLogps, oldValues, advantages, returns }, settings);
    },
    skipNonFinite: true,
    ...(optimizer.maxGradNorm > 0 && { maxGradNorm: optimizer.maxGradNorm }),
  });
  const update = async (lr: number, minibatch: Minibatch) => {
    const count = minibatch.rollouts.length;
    const parts: MicroBatch<StepTensors>[] = [];
    for (let at = 0; at < count; at += batchSize) {
      parts.push(microBatch(minibatch, at, Math.min(count, at + batchSize), maxLength));
    }
    try {
      const [only] = parts;
      return parts.length === 1 && only
        ? await step.run(lr, ...only.batch)
        : await step.runAccumulated(lr, parts);
    } finally {
      for (const { batch } of parts) tf.dispose([...batch]);
    }
  };
  return { step, update, dispose: () => step.dispose() };
}

/** Rollouts of a minibatch from one to before another; all losses are means over their tokens. */
function microBatch(
  minibatch: Minibatch,
  begin: number,
  end: number,
  maxLength: number,
): MicroBatch<StepTensors> {
  const rollouts = minibatch.rollouts.slice(begin, end);
  const width = completionWidth(rollouts, maxLength);
  const { ids, attentionMask, places, targets, mask } = rolloutTensors(rollouts, maxLength);
  const numbers = (["oldLogps", "oldValues", "advantages", "returns"] as const).map((name) =>
    tokenTensor(minibatch[name].slice(begin, end), width),
  ) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
  const weight = rollouts.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
  return { batch: [ids, attentionMask, places, targets, mask, ...numbers], weight };
}
