/**
 * The loop that every trainer shares: schedule, step, guard against numbers that are not finite,
 * evaluation, checkpoints, interruption. Knows no loss and no files.
 */

import type { OptimizerState } from "@preflab/tfjs-backend-ort";

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

/** What a trainer goes on from, beside parameters and the number of steps. */
export interface TrainerState {
  readonly optimizer: OptimizerState;
  /** Finite numbers that are not functions of the step, such as the weight of a penalty. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** What a checkpoint is made of, beside the parameters. */
export interface Snapshot extends TrainerState {
  /** Steps taken, which is also where the data goes on. */
  readonly step: number;
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

/** What a step gave. */
export interface StepOutcome {
  readonly metrics: StepMetrics;
  /** False where a loss or gradient was not finite, so that the step was not applied. */
  readonly applied: boolean;
}

/** A trainer, step by step. */
export interface Stepper {
  /** Takes a step, from 1. */
  take(step: number): Promise<StepOutcome>;
  /** What the next step depends on. */
  state(): TrainerState;
  /** Goes on from a checkpoint, whose parameters the caller has restored. */
  restore(snapshot: Snapshot): void;
}

/** What the loop needs. */
export interface LoopOptions {
  /** For messages, such as `trainSft`. */
  readonly name: string;
  readonly stepper: Stepper;
  readonly maxSteps: number;
  readonly resume?: (Snapshot & { readonly name: string }) | undefined;
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
  /** Numbers of the step with the update that was not applied. */
  readonly metrics: StepMetrics;
  /** The last good checkpoint, if there is one. */
  readonly checkpoint: string | null;

  constructor(where: string, metrics: StepMetrics, checkpoint: string | null) {
    super(
      `${where}: expected a finite loss and gradient norm at step ${metrics.step}, got ` +
        `${metrics.loss} and ${metrics.grad_norm}. That update was not applied; the last good ` +
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
export async function runLoop(options: LoopOptions, hooks: TrainHooks): Promise<TrainOutcome> {
  const { stepper, maxSteps, resume, evalEvery, saveEvery } = options;
  let checkpoint = resume?.name ?? null;
  let done = resume?.step ?? 0;
  if (resume) stepper.restore(resume);
  const save = async () => {
    if (hooks.save) checkpoint = await hooks.save({ step: done, ...stepper.state() });
  };
  while (done < maxSteps) {
    if (hooks.signal?.aborted) {
      await save();
      return { step: done, finished: false, checkpoint };
    }
    const { metrics, applied } = await stepper.take(done + 1);
    if (!applied) {
      await hooks.log?.(metrics);
      throw new NonFiniteError(options.name, metrics, checkpoint);
    }
    done++;
    const evaluates = hooks.evaluate && isDue(done, evalEvery, maxSteps);
    const evaluated = evaluates ? await hooks.evaluate?.(done) : {};
    const logged = { ...metrics, ...evaluated };
    await hooks.log?.(logged);
    const stops = hooks.stop?.(logged) ?? false;
    if (stops || isDue(done, saveEvery, maxSteps)) await save();
    hooks.progress?.({ step: done, maxSteps });
    if (stops) break;
  }
  return { step: done, finished: true, checkpoint };
}

/** Every `every` steps and at the end. */
function isDue(step: number, every: number, last: number): boolean {
  return step === last || (every > 0 && step % every === 0);
}
