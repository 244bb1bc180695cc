/** Numbers of a policy on preferences that it is not trained on. */

import { BATCH_PROGRAMS, type TrainablePolicy } from "@preflab/lm";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { completionsPerGroup } from "../groups/group.ts";
import type { DpoConfig } from "./config.ts";
import type { Loss } from "./loss.ts";
import {
  batchLoss,
  type DpoInputs,
  preferenceOrder,
  type StepTensors,
  stepTensors,
} from "./train-dpo.ts";

/** Evaluates the policy it was made with. */
export interface DpoEvaluator {
  /** Loss and metrics of training over all examples, by names that begin with `eval/`. */
  evaluate(): Promise<Record<string, number>>;
  dispose(): void;
}

/** Evaluates a policy on the examples of `inputs`, for `TrainHooks.evaluate`. */
export function dpoEvaluator(
  policy: TrainablePolicy,
  inputs: DpoInputs,
  config: DpoConfig,
): DpoEvaluator {
  const completions = completionsPerGroup(inputs.preferences.groups);
  const losses = jit(
    (tensors: StepTensors): Loss => batchLoss(policy, config, completions, tensors),
    { ...BATCH_PROGRAMS, name: "dpoEvaluator" },
  );
  const order = preferenceOrder(inputs.preferences, { ...config, gradAccum: 1 }, true);
  const evaluate = async () => {
    const sums: Record<string, number> = {};
    for (let step = 1; step <= order.stepsPerEpoch; step++) {
      const indices = order.at(step)[0] as readonly number[];
      const tensors = await stepTensors(inputs, config, indices);
      const { loss, metrics } = await losses.async(tensors);
      for (const [name, scalar] of Object.entries({ loss, ...metrics })) {
        const [value = Number.NaN] = await scalar.data();
        sums[`eval/${name}`] = (sums[`eval/${name}`] ?? 0) + value * indices.length;
      }
      tf.dispose([tensors, loss, Object.values(metrics)]);
    }
    const count = inputs.preferences.groups.length;
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));
  };
  return { evaluate, dispose: () => losses.dispose() };
}
