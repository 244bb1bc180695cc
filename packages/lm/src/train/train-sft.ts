/** Supervised fine-tuning: the shared loop with the loss of ./sft-loss.ts. */

import { jit, type MicroBatch } from "@preflab/tfjs-backend-ort";
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { drawMasks } from "../dropout.ts";
import { tokenLogps } from "../logps.ts";
import { RandomStream } from "../rng.ts";
import type { Batches } from "./batches.ts";
import { readTrainerConfig, TRAINER_DEFAULTS, type TrainerConfig } from "./config.ts";
import { type GradientTraining, trainOnBatches } from "./gradient-training.ts";
import type { Snapshot, TrainHooks, TrainOutcome } from "./loop.ts";
import { OptionReader } from "./options.ts";
import type { TrainablePolicy } from "./policy.ts";
import { learnedPerText, type PaddedBatch, toTensors } from "./rows.ts";
import { type BatchForm, fromList, toList } from "./sft-batch.ts";
import { SFT_REDUCTIONS, type SftReduction, sftLoss, sftWeight } from "./sft-loss.ts";

/** Settings of a run. */
export interface SftConfig extends TrainerConfig {
  readonly reduction: SftReduction;
  /** Several rows in one, see `rowBatches`. */
  readonly packing: boolean;
}

/** Defaults of {@link SftConfig}; the learning rate is TRL's for SFT. */
export const SFT_DEFAULTS: SftConfig = {
  ...TRAINER_DEFAULTS,
  optimizer: { ...TRAINER_DEFAULTS.optimizer, lr: 2e-5 },
  reduction: "tokenMean",
  packing: false,
};

/** Settings from an untrusted object. @throws ConfigError for unknown keys and bad values */
export function parseSftConfig(raw: unknown): SftConfig {
  const reader = new OptionReader("sft", raw);
  const config = readSftConfig(reader);
  reader.finish();
  return config;
}

/** Settings from a reader whose other keys the caller reads. @throws ConfigError */
export function readSftConfig(reader: OptionReader): SftConfig {
  return {
    ...readTrainerConfig(reader, SFT_DEFAULTS),
    reduction: reader.choice("reduction", SFT_DEFAULTS.reduction, SFT_REDUCTIONS),
    packing: reader.boolean("packing", SFT_DEFAULTS.packing),
  };
}

/**
 * Fine-tunes `policy`, whose variables change in place. Without dropout, loss and gradient are those
 * of a whole step's rows, however they are cut into micro-batches.
 * @param batches packed exactly if the config says so
 * @param resume a checkpoint whose parameters the policy already has
 * @throws NonFiniteError, see `runLoop`
 */
export async function trainSft(
  policy: TrainablePolicy,
  batches: Batches,
  config: SftConfig,
  hooks: TrainHooks = {},
  resume?: Snapshot & { readonly name: string },
): Promise<TrainOutcome> {
  const { reduction, packing, dropout } = config;
  const form = { packed: packing, rate: dropout };
  const training: GradientTraining<readonly Tensor[]> = {
    name: "trainSft",
    variables: policy.variables,
    loss: (...tensors) => ({ loss: batchLoss(policy, reduction, tensors, form) }),
    batches: (step) =>
      batches.at(step).map((batch, part) => microBatch(policy, batch, config, step, part)),
    stepsPerEpoch: batches.stepsPerEpoch,
  };
  return trainOnBatches(training, config, hooks, resume);
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
  const form = { packed: batches.packed !== null, rate: 0 };
  const losses = jit((...tensors: readonly Tensor[]) => ({
    loss: batchLoss(policy, reduction, tensors, form),
    nll: batchLoss(policy, "tokenMean", tensors, form),
  }));
  const evaluate = async () => {
    const total = { loss: 0, nll: 0, weight: 0, tokens: 0 };
    for (let step = 1; step <= batches.stepsPerEpoch; step++) {
      for (const batch of batches.at(step)) {
        const weight = sftWeight(batch, reduction);
        if (weight === 0) continue;
        const tokens = learnedPerText(batch).reduce((sum, n) => sum + n, 0);
        const tensors = toList({ tokens: toTensors(batch) });
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
  tensors: readonly Tensor[],
  form: BatchForm,
): tf.Scalar {
  const { tokens, dropout } = fromList(tensors, form);
  const logps = tokenLogps({ config, params: parameters(), dropout }, tokens);
  return sftLoss(logps, tokens, reduction);
}

/** What is fed for one micro-batch: its dropout is a function of seed, step and part alone. */
function microBatch(
  { config: model }: TrainablePolicy,
  batch: PaddedBatch,
  { reduction, dropout: rate, seed }: SftConfig,
  step: number,
  part: number,
): MicroBatch<readonly Tensor[]> {
  const tokens = toTensors(batch);
  const stream = new RandomStream(seed, `dropout/${step}/${part}`);
  const kept = rate > 0 ? drawMasks(model, tokens.ids.size, rate, stream) : undefined;
  const dropout = kept && { rate, kept };
  return { batch: toList({ tokens, dropout }), weight: sftWeight(batch, reduction) };
}
