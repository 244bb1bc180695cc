/**
 * The loop that every trainer shares: schedule, step, guard against numbers that are not finite,
 * evaluation, checkpoints, interruption. Knows no loss and no files.
 */

import type { MicroBatch, OptimizerState, TrainStep } from "@preflab/tfjs-backend-ort";
import { dispose, type Tensor } from "@tensorflow/tfjs-core";
import type { Schedule } from "../optim/schedule.ts";

/** One line of metrics: numbers by the names of the command-line contract. */
export interface StepMetrics {
  /** From 1. */
  readonly step: number;
  /** Before the update, nats. */
  readonly loss: number;
  readonly lr: number;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly [name: string]: number;
}

/** What a checkpoint is made of, beside the parameters. */
export interface Snapshot {
  /** Steps taken, which is also where the data goes on. */
  readonly step: number;
  readonly optimizer: OptimizerState;
}

/** How far a training is. */
export interface Progress {
  readonly step: number;
  readonly maxSteps: number;
}

/** What a trainer tells and asks its caller. All may be left out. */
export interface TrainHooks {
  /** Called once per step, evaluation included. */
  readonly log?: (metrics: StepMetrics) => void | Promise<void>;
  /** Numbers to log beside those of the step, such as `eval/loss`. */
  readonly evaluate?: (step: number) => Promise<Readonly<Record<string, number>>>;
  /** Stores parameters and snapshot. @returns the checkpoint's name, for messages */
  readonly save?: (snapshot: Snapshot) => Promise<string>;
  readonly progress?: (progress: Progress) => void;
  /** Asked after each step; true ends training there, see `earlyStop`. */
  readonly stop?: (metrics: StepMetrics) => boolean;
  /** Aborted: the step at hand is finished, saved, and training ends. */
  readonly signal?: AbortSignal;
}

/** What the loop needs. */
export interface LoopOptions<Batch extends readonly Tensor[]> {
  /** For messages, such as `trainSft`. */
  readonly name: string;
  /** Made with `skipNonFinite`. */
  readonly step: TrainStep<Batch>;
  /** The micro-batches of a step, from 1; the loop disposes their tensors. */
  readonly batches: (
    step: number,
  ) => readonly MicroBatch<Batch>[] | Promise<readonly MicroBatch<Batch>[]>;
  readonly schedule: Schedule;
  readonly maxSteps: number;
  /** Go on after this checkpoint, whose parameters the caller has restored. */
  readonly resume?: Snapshot & { readonly name: string };
  /** Steps between two evaluations, and two checkpoints; 0 for none but at the end. */
  readonly evalEvery: number;
  readonly saveEvery: number;
}

/** How a training ended. */
export interface TrainOutcome {
  readonly step: number;
  /** False when the signal ended it. */
  readonly finished: boolean;
  /** Name of the last checkpoint. */
  readonly checkpoint: string | null;
}

/** Training stopped because a loss or gradient was not finite. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
  /** Numbers of the step that was not applied. */
  readonly metrics: StepMetrics;
  /** The last good checkpoint, if there is one. */
  readonly checkpoint: string | null;

  constructor(where: string, metrics: StepMetrics, checkpoint: string | null) {
    super(
      `${where}: expected a finite loss and gradient norm at step ${metrics.step}, got ` +
        `${metrics.loss} and ${metrics.grad_norm}. The step was not applied; the last good ` +
        `checkpoint is ${checkpoint ?? "none: set saveEvery"}. Go on from there with a lower ` +
        "learning rate or gradient clipping, or look for a damaged row.",
    );
    this.metrics = metrics;
    this.checkpoint = checkpoint;
  }
}

/**
 * Trains until `maxSteps` or the signal.
 * @throws NonFiniteError when a loss or gradient is not finite; parameters and optimizer state are
 *   then those of the step before
 */
export async function runLoop<Batch extends readonly Tensor[]>(
  options: LoopOptions<Batch>,
  hooks: TrainHooks,
): Promise<TrainOutcome> {
  const { step: trainStep, maxSteps, resume, evalEvery, saveEvery } = options;
  let checkpoint = resume?.name ?? null;
  let done = resume?.step ?? 0;
  if (resume) trainStep.restore(resume.optimizer);
  const save = async () => {
    if (hooks.save) checkpoint = await hooks.save({ step: done, optimizer: trainStep.state() });
  };
  while (done < maxSteps) {
    if (hooks.signal?.aborted) {
      await save();
      return { step: done, finished: false, checkpoint };
    }
    const { applied, ...metrics } = await takeStep(options, done + 1);
    if (!applied) {
      await hooks.log?.(metrics.row);
      throw new NonFiniteError(options.name, metrics.row, checkpoint);
    }
    done++;
    const evaluates = hooks.evaluate && isDue(done, evalEvery, maxSteps);
    const evaluated = evaluates ? await hooks.evaluate?.(done) : {};
    const logged = { ...metrics.row, ...evaluated };
    await hooks.log?.(logged);
    const stops = hooks.stop?.(logged) ?? false;
    if (stops || isDue(done, saveEvery, maxSteps)) await save();
    hooks.progress?.({ step: done, maxSteps });
    if (stops) break;
  }
  return { step: done, finished: true, checkpoint };
}

async function takeStep<Batch extends readonly Tensor[]>(
  { step: trainStep, batches, schedule }: LoopOptions<Batch>,
  step: number,
): Promise<{ row: StepMetrics; applied: boolean }> {
  const lr = schedule(step);
  const parts = await batches(step);
  try {
    const [only] = parts;
    const result =
      parts.length === 1 && only
        ? await trainStep.run(lr, ...only.batch)
        : await trainStep.runAccumulated(lr, parts);
    const { loss, gradNorm, metrics, applied } = result;
    return { row: { step, loss, lr, grad_norm: gradNorm, ...metrics }, applied };
  } finally {
    for (const { batch } of parts) dispose([...batch]);
  }
}

/** Every `every` steps and at the end. */
function isDue(step: number, every: number, last: number): boolean {
  return step === last || (every > 0 && step % every === 0);
}
