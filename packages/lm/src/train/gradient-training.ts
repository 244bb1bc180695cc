/** Trainers whose steps are one gradient of one loss on batches of data that is there beforehand. */

import {
  type JitOptions,
  type LossFunction,
  type MicroBatch,
  type StepResult,
  type TrainStep,
  trainStep,
} from "@preflab/tfjs-backend-ort";
import { dispose, type Tensor } from "@tensorflow/tfjs-core";
import type { Schedule } from "../optim/schedule.ts";
import type { Variables } from "../params.ts";
import {
  type OptimizerConfig,
  optimizerRule,
  scheduleOf,
  stepsOfRun,
  type TrainerConfig,
} from "./config.ts";
import {
  runLoop,
  type Snapshot,
  type Stepper,
  type TrainHooks,
  type TrainOutcome,
} from "./loop.ts";

/** What is trained on what. */
export interface GradientTraining<Batch extends readonly Tensor[]> {
  /** For messages, such as `trainSft`. */
  readonly name: string;
  readonly variables: Variables;
  readonly loss: LossFunction<Batch>;
  /** The micro-batches of a step, from 1, whose tensors are disposed after it. */
  readonly batches: (
    step: number,
  ) => readonly MicroBatch<Batch>[] | Promise<readonly MicroBatch<Batch>[]>;
  /** For a length in epochs. */
  readonly stepsPerEpoch: number;
  /** How many compiled programs are kept, see `jit`. */
  readonly programs?: Pick<JitOptions, "cacheSize" | "whenFull">;
}

/**
 * Trains to the end of the run; the variables change in place.
 * @param resume a checkpoint whose values the variables already have
 * @throws NonFiniteError, see {@link runLoop}
 * @throws ConfigError unless one of maxSteps and epochs is given
 */
export async function trainOnBatches<Batch extends readonly Tensor[]>(
  training: GradientTraining<Batch>,
  config: TrainerConfig,
  hooks: TrainHooks,
  resume: (Snapshot & { readonly name: string }) | undefined,
): Promise<TrainOutcome> {
  const { name, batches, stepsPerEpoch } = training;
  const { optimizer, evalEvery, saveEvery } = config;
  const maxSteps = stepsOfRun(config, stepsPerEpoch);
  const step = optimizerStep(training, optimizer);
  const stepper = gradientStepper(step, batches, scheduleOf(optimizer, maxSteps));
  try {
    return await runLoop({ name, stepper, maxSteps, resume, evalEvery, saveEvery }, hooks);
  } finally {
    step.dispose();
  }
}

/**
 * What takes the optimizer steps of a training: not applied where numbers are not finite. Nothing is
 * compiled before its first run.
 */
export function optimizerStep<Batch extends readonly Tensor[]>(
  {
    name,
    variables,
    loss,
    programs,
  }: Pick<GradientTraining<Batch>, "name" | "variables" | "loss" | "programs">,
  optimizer: OptimizerConfig,
): TrainStep<Batch> {
  return trainStep<Batch>({
    ...programs,
    name,
    params: variables,
    rule: optimizerRule(optimizer),
    loss,
    skipNonFinite: true,
    ...(optimizer.maxGradNorm > 0 && { maxGradNorm: optimizer.maxGradNorm }),
  });
}

function gradientStepper<Batch extends readonly Tensor[]>(
  trainStep: TrainStep<Batch>,
  batches: GradientTraining<Batch>["batches"],
  schedule: Schedule,
): Stepper {
  return {
    take: async (step) => {
      const lr = schedule(step);
      const parts = await batches(step);
      try {
        const { loss, gradNorm, metrics, applied } = await trainStep.runAccumulated(lr, parts);
        return { metrics: { step, loss, lr, grad_norm: gradNorm, ...metrics }, applied };
      } finally {
        for (const { batch } of parts) dispose([...batch]);
      }
    },
    state: () => ({ optimizer: trainStep.state(), numbers: {} }),
    restore: ({ optimizer }) => trainStep.restore(optimizer),
  };
}

/**
 * One result of several optimizer steps: means, applied if all were. Of no steps NaN, applied.
 * @param reductions of metrics of which something else than the mean is wanted, by name
 */
export function meanOfSteps(
  results: readonly StepResult[],
  reductions: Readonly<Record<string, (numbers: readonly number[]) => number>> = {},
): StepResult {
  const mean = (numbers: readonly number[]) =>
    numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const names = Object.keys(results[0]?.metrics ?? {});
  const metrics = names.map((name) => {
    const reduce = reductions[name] ?? mean;
    return [name, reduce(results.map((result) => result.metrics[name] as number))] as const;
  });
  return {
    loss: mean(results.map(({ loss }) => loss)),
    gradNorm: mean(results.map(({ gradNorm }) => gradNorm)),
    applied: results.every(({ applied }) => applied),
    metrics: Object.fromEntries(metrics),
  };
}
