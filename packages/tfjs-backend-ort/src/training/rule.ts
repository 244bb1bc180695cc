/**
 * What an optimizer is to this package: one elementwise formula per parameter. The same formula is
 * traced into the one-graph step and into the flat update, so both do the same arithmetic.
 */
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";

/** State of one parameter by slot name, each of the parameter's shape. */
export type Slots = Readonly<Record<string, Tensor>>;

/** What a rule's formula sees of one parameter. All tensors have the parameter's shape. */
export interface UpdateInputs {
  readonly param: Tensor;
  /** Gradient of the loss, already clipped. */
  readonly grad: Tensor;
  readonly slots: Slots;
  /** Numbers of this step, by the names that {@link UpdateRule.scalars} gave them. */
  readonly scalars: Readonly<Record<string, Scalar>>;
}

/** An optimizer's update. Objects of `@preflab/lm`'s optimizers fit it. */
export interface UpdateRule {
  readonly name: string;
  /** State kept per parameter, zero before the first step. */
  readonly slots: readonly string[];
  /**
   * Numbers that differ between steps, computed in float64 and passed to {@link update} in float32.
   * @param step from 1
   * @param lr learning rate of this step
   */
  readonly scalars: (step: number, lr: number) => Readonly<Record<string, number>>;
  /** The formula, from tfjs ops that work elementwise: it runs on pieces of parameters too. */
  readonly update: (inputs: UpdateInputs) => { readonly param: Tensor; readonly slots: Slots };
}
