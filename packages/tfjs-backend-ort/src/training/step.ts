/** What a training step is, whichever way it runs. ./train-step.ts chooses the way. */
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import type { JitOptions } from "../jit/compiler.ts";
import type { LossFunction } from "./gradients.ts";
import type { UpdateRule } from "./rule.ts";

/** `one-graph`: all in one compiled graph. `flat`: gradients, then an update in place. */
export type TrainMode = "one-graph" | "flat";

/** What a training step is made of. */
export interface TrainStepOptions<Batch extends readonly Tensor[]> extends JitOptions {
  /** Parameters by name; the names key the optimizer state. */
  readonly params: Readonly<Record<string, Variable>>;
  readonly loss: LossFunction<Batch>;
  readonly rule: UpdateRule;
  /** Largest global gradient norm; gradients beyond it are scaled down. Default: no clipping. */
  readonly maxGradNorm?: number;
  /**
   * Leave parameters and optimizer state as they are when the loss or the gradient norm is not
   * finite; {@link StepResult.applied} tells. Default false.
   */
  readonly skipNonFinite?: boolean;
  /** Default `auto`: by the number of parameters. `flat` needs backend `ort`. */
  readonly mode?: TrainMode | "auto";
}

/** A part of a step's batch. */
export interface MicroBatch<Batch extends readonly Tensor[]> {
  readonly batch: Batch;
  /**
   * Its share in the step's mean: what its own loss is a mean over, such as the number of its
   * tokens, or of its examples. Not negative; a micro-batch of weight 0 is not computed.
   */
  readonly weight: number;
}

/** What a batch gives: numbers before the update. */
export interface BatchResult {
  /** Nats. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What one step reports. */
export interface StepResult extends BatchResult {
  /** Global gradient norm before clipping. */
  readonly gradNorm: number;
  /** Whether parameters and optimizer state changed; see {@link TrainStepOptions.skipNonFinite}. */
  readonly applied: boolean;
}

/** Optimizer state: what a checkpoint must hold beside the parameters. */
export interface OptimizerState {
  /** Steps taken. */
  readonly step: number;
  /** Slot contents by `<slot>/<parameter>`, row-major copies. */
  readonly slots: Readonly<Record<string, Float32Array>>;
}

/** A compiled training step. One run at a time. */
export interface TrainStep<Batch extends readonly Tensor[]> {
  readonly mode: TrainMode;
  /** Takes one step with learning rate `lr`; parameters and optimizer state change in place. */
  run(lr: number, ...batch: Batch): Promise<StepResult>;
  /**
   * Takes one step on the weighted mean of the losses of several batches, computed one after the
   * other; metrics are weighted means, too. Needs room for one set of gradients beside the model,
   * unless there is one part alone, which is {@link run}.
   * @throws when a weight is negative or all are 0
   */
  runAccumulated(lr: number, parts: readonly MicroBatch<Batch>[]): Promise<StepResult>;
  /** Copies of the optimizer state. */
  state(): OptimizerState;
  /** Continues from `state`, bit for bit. @throws when its slots do not fit the parameters */
  restore(state: OptimizerState): void;
  /** Frees sessions and optimizer state; parameters stay usable. */
  dispose(): void;
}

/** The batch of a step that is not cut into parts. */
export function wholeBatch<Batch extends readonly Tensor[]>(
  parts: readonly MicroBatch<Batch>[],
): Batch | null {
  const [only] = parts;
  return only && parts.length === 1 && only.weight > 0 ? only.batch : null;
}
