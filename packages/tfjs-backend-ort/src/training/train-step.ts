/**
 * A training step: loss, gradients, clipping and optimizer update. Two ways to run it, chosen by
 * size: `one-graph` puts everything into one compiled graph and double-buffers the state, `flat`
 * computes gradients in one graph and then updates one contiguous buffer in place (./flat.ts). On
 * other backends than `ort` the one-graph step runs op by op.
 */
import * as tf from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import type { JitOptions } from "../jit/compiler.ts";
import { compilingBackend } from "../jit/jit.ts";
import { FlatStep } from "./flat-step.ts";
import type { LossFunction } from "./gradients.ts";
import { OneGraphStep } from "./one-graph-step.ts";
import type { UpdateRule } from "./rule.ts";

/** How a training step runs; see the file header. */
export type TrainMode = "one-graph" | "flat";

/** What a training step is made of. */
export interface TrainStepOptions<Batch extends readonly tf.Tensor[]> extends JitOptions {
  /** Parameters by name; the names key the optimizer state. */
  readonly params: Readonly<Record<string, tf.Variable>>;
  readonly loss: LossFunction<Batch>;
  readonly rule: UpdateRule;
  /** Largest global gradient norm; gradients beyond it are scaled down. Default: no clipping. */
  readonly maxGradNorm?: number;
  /** Default `auto`: by the number of parameters. `flat` needs backend `ort`. */
  readonly mode?: TrainMode | "auto";
}

/** What one step reports. */
export interface StepResult {
  /** Loss before the update, nats. */
  readonly loss: number;
  /** Global gradient norm before clipping. */
  readonly gradNorm: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Optimizer state: what a checkpoint must hold beside the parameters. */
export interface OptimizerState {
  /** Steps taken. */
  readonly step: number;
  /** Slot contents by `<slot>/<parameter>`, row-major copies. */
  readonly slots: Readonly<Record<string, Float32Array>>;
}

/** A compiled training step. One run at a time. */
export interface TrainStep<Batch extends readonly tf.Tensor[]> {
  readonly mode: TrainMode;
  /** Takes one step with learning rate `lr`; parameters and optimizer state change in place. */
  run(lr: number, ...batch: Batch): Promise<StepResult>;
  /** Copies of the optimizer state. */
  state(): OptimizerState;
  /** Continues from `state`, bit for bit. @throws when its slots do not fit the parameters */
  restore(state: OptimizerState): void;
  /** Frees sessions and optimizer state; parameters stay usable. */
  dispose(): void;
}

/**
 * Parameters from which the flat update wins: below, a second session costs more than it saves;
 * above, double-buffering the state costs memory traffic. Measured by `npm run bench:engine`.
 */
const FLAT_FROM = 16e6;

/** Makes a training step. Nothing is compiled before its first run. */
export function trainStep<Batch extends readonly tf.Tensor[]>(
  options: TrainStepOptions<Batch>,
): TrainStep<Batch> {
  checkOptions(options);
  const { mode = "auto", params } = options;
  const backend = compilingBackend();
  const size = Object.values(params).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (backend && (mode === "flat" || (mode === "auto" && size >= FLAT_FROM))) {
    return new FlatStep(options, backend);
  }
  if (mode === "flat") {
    throw new Error(
      `trainStep: expected backend ort for mode flat, got ${tf.getBackend()}. Use mode auto.`,
    );
  }
  return new OneGraphStep(options);
}

function checkOptions({
  params,
  maxGradNorm,
}: Pick<TrainStepOptions<never>, "params" | "maxGradNorm">): void {
  const names = Object.keys(params);
  if (names.length === 0) throw new Error("trainStep: expected at least one parameter, got none.");
  for (const name of names) {
    const dtype = params[name]?.dtype;
    if (dtype !== "float32") {
      throw new Error(`trainStep: expected float32 parameters, got ${dtype} for ${name}.`);
    }
  }
  if (maxGradNorm !== undefined && !(maxGradNorm > 0)) {
    throw new Error(
      `trainStep: expected maxGradNorm > 0, got ${maxGradNorm}. Leave it out for none.`,
    );
  }
}
