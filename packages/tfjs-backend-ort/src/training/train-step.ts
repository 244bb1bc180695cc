/**
 * A training step: loss, gradients, clipping and optimizer update. Two ways to run it, chosen by
 * size: `one-graph` puts everything into one compiled graph and double-buffers the state, `flat`
 * computes gradients in one graph and then updates one contiguous buffer in place (./flat.ts). On
 * other backends than `ort` the one-graph step runs op by op.
 */
import * as tf from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import { compilingBackend } from "../jit/jit.ts";
import { FlatStep } from "./flat-step.ts";
import { OneGraphStep } from "./one-graph-step.ts";
import type { TrainStep, TrainStepOptions } from "./step.ts";

/**
 * Parameters from which the flat update is taken. One graph is as fast or faster at every size that
 * `npm run bench:engine` measures, by a fifth at 22 million parameters, but holds the state twice:
 * from here on that memory counts for more.
 */
const FLAT_FROM = 64e6;

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
