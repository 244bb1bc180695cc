/** Supervised fine-tuning: the shared loop with the loss of ./sft-loss.ts. */

import { jit, type MicroBatch, trainStep } from "@preflab/tfjs-backend-ort";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { tokenLogps } from "../logps.ts";
import type { Batches } from "./batches.ts";
import {
  optimizerRule,
  readTrainerConfig,
  scheduleOf,
  TRAINER_DEFAULTS,
  type TrainerConfig,
} from "./config.ts";
import { runLoop, type Snapshot, type TrainHooks, type TrainOutcome } from "./loop.ts";
import { OptionReader } from "./options.ts";
import type { TrainablePolicy } from "./policy.ts";
import { learnedPerRow, type PaddedBatch, toTensors } from "./rows.ts";
import { SFT_REDUCTIONS, type SftReduction, sftLoss, sftWeight } from "./sft-loss.ts";

/** ids, attentionMask, completionMask, each `[B, T]`. */
type SftTensors = [Tensor2D, Tensor2D, Tensor2D];

/** Settings of a run. */
export interface SftConfig extends TrainerConfig {
  readonly reduction: SftReduction;
}

/** Defaults of {@link SftConfig}; the learning rate is TRL's for SFT. */
export const SFT_DEFAULTS: SftConfig = {
  ...TRAINER_DEFAULTS,
  optimizer: { ...TRAINER_DEFAULTS.optimizer, lr: 2e-5 },
  reduction: "tokenMean",
};

/** Settings from an untrusted object. @throws ConfigError for unknown keys and bad values */
export function parseSftConfig(raw: unknown): SftConfig {
  const reader = new OptionReader("sft", raw);
  const config = {
    ...readTrainerConfig(reader, SFT_DEFAULTS),
    reduction: reader.choice("reduction", SFT_DEFAULTS.reduction, SFT_REDUCTIONS),
  };
  reader.finish();
  return config;
}

/**
 * Fine-tunes `policy`, whose variables change in place. Loss and gradient are those of a whole
 * step's rows, however they are cut into micro-batches.
 * @param resume a checkpoint whose parameters the policy already has
 * @throws NonFiniteError, see {@link runLoop}
 */
export async function trainSft(
  policy: TrainablePolicy,
  batches: Batches,
  config: SftConfig,
  hooks: TrainHooks = {},
  resume?: Snapshot & { readonly name: string },
): Promise<TrainOutcome> {
  const { optimizer, maxSteps, reduction, evalEvery, saveEvery } = config;
  const step = trainStep<SftTensors>({
    name: "trainSft",
    params: policy.variables,
    rule: optimizerRule(optimizer),
    loss: (...tensors) => ({ loss: batchLoss(policy, reduction, tensors) }),
    skipNonFinite: true,
    ...(optimizer.maxGradNorm > 0 && { maxGradNorm: optimizer.maxGradNorm }),
  });
  try {
    return await runLoop(
      {
        name: "trainSft",
        step,
        batches: (number) => batches.at(number).map((batch) => microBatch(batch, reduction)),
        schedule: scheduleOf(optimizer, maxSteps),
        maxSteps,
        evalEvery,
        saveEvery,
        ...(resume && { resume }),
      },
      hooks,
    );
  } finally {
    step.dispose();
  }
}

/** Loss of held-out batches, see {@link sftEvaluator}. */
export interface SftEvaluator {
  /** `eval/loss`: the loss over all rows; `eval/nll`: nats per token to learn. */
  evaluate(): Promise<{ "eval/loss": number; "eval/nll": number }>;
  dispose(): void;
}

/** Evaluates a policy on one epoch of `batches`, for {@link TrainHooks.evaluate}. */
export function sftEvaluator(
  policy: TrainablePolicy,
  batches: Batches,
  reduction: SftReduction,
): SftEvaluator {
  const losses = jit((...tensors: SftTensors) => ({
    loss: batchLoss(policy, reduction, tensors),
    nll: batchLoss(policy, "tokenMean", tensors),
  }));
  const evaluate = async () => {
    const total = { loss: 0, nll: 0, weight: 0, tokens: 0 };
    for (let step = 1; step <= batches.stepsPerEpoch; step++) {
      for (const batch of batches.at(step)) {
        const weight = sftWeight(batch, reduction);
        if (weight === 0) continue;
        const tokens = learnedPerRow(batch).reduce((sum, n) => sum + n, 0);
        const tensors = sftTensors(batch);
        const result = await losses.async(...tensors);
        const [loss = 0] = await result.loss.data();
        const [nll = 0] = await result.nll.data();
        tf.dispose([result, tensors]);
        total.loss += weight * loss;
        total.nll += tokens * nll;
        total.weight += weight;
        total.tokens += tokens;
      }
    }
    return { "eval/loss": total.loss / total.weight, "eval/nll": total.nll / total.tokens };
  };
  return { evaluate, dispose: () => losses.dispose() };
}

function batchLoss(
  { config, parameters }: TrainablePolicy,
  reduction: SftReduction,
  [ids, attentionMask, completionMask]: SftTensors,
): tf.Scalar {
  const batch = { ids, attentionMask, completionMask };
  return sftLoss(tokenLogps({ config, params: parameters() }, batch), batch, reduction);
}

function microBatch(batch: PaddedBatch, reduction: SftReduction): MicroBatch<SftTensors> {
  return { batch: sftTensors(batch), weight: sftWeight(batch, reduction) };
}

function sftTensors(batch: PaddedBatch): SftTensors {
  const { ids, attentionMask, completionMask } = toTensors(batch);
  return [ids, attentionMask, completionMask];
}
