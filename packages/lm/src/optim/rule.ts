/**
 * What an optimizer is: an elementwise formula with per-parameter state. Rules hold no state of
 * their own, so the same object serves any number of runs, on any tfjs backend, and can be traced
 * into a compiled step (`trainStep` of @preflab/tfjs-backend-ort takes objects of this type).
 */
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";

/** What a formula sees of one parameter; all tensors have the parameter's shape. */
export interface RuleInputs {
  readonly param: Tensor;
  /** Gradient of the loss, already clipped. */
  readonly grad: Tensor;
  readonly slots: Readonly<Record<string, Tensor>>;
  readonly scalars: Readonly<Record<string, Scalar>>;
}

/** What a formula returns: the parameter and its state after the step. */
export interface RuleOutputs {
  readonly param: Tensor;
  readonly slots: Readonly<Record<string, Tensor>>;
}

/** An optimizer. */
export interface OptimizerRule {
  readonly name: string;
  /** State kept per parameter, zero before the first step. */
  readonly slots: readonly string[];
  /**
   * Numbers that differ between steps, in float64.
   * @param step from 1
   * @param lr learning rate of this step
   */
  readonly scalars: (step: number, lr: number) => Readonly<Record<string, number>>;
  /** The formula; works elementwise and disposes nothing (run it in a tidy). */
  readonly update: (inputs: RuleInputs) => RuleOutputs;
}

/** @throws when `value` is outside `[low, high)`; `where` and `option` name it in the message */
export function checkRange(
  where: string,
  option: string,
  value: number,
  low: number,
  high: number,
): void {
  if (value >= low && value < high) return;
  throw new Error(`${where}: expected ${option} in [${low}, ${high}), got ${value}.`);
}
