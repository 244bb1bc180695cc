/** Passes over the rollouts of a step: minibatches in random order, and what became of them. */

import { meanOfSteps, RandomStream, shuffled } from "@preflab/lm";
import type { StepResult } from "@preflab/tfjs-backend-ort";
import type { UpdateOutcome } from "./rollout-stepper.ts";
import type { PassSettings } from "./settings.ts";

/** Metrics that are extremes. */
const EXTREMES: Readonly<Record<string, (numbers: readonly number[]) => number>> = {
  "ratio/min": (numbers) => Math.min(...numbers),
  "ratio/max": (numbers) => Math.max(...numbers),
};

/** Which passes. */
export interface PassOptions extends PassSettings {
  /** Rollouts of the step. */
  readonly count: number;
  /** The order is a function of seed, step and pass. */
  readonly seed: number;
  readonly step: number;
}

/**
 * Takes an optimizer step on every minibatch of every pass, until one is not applied or has moved
 * too far.
 * @param update told the indices of a minibatch's rollouts
 */
export async function passes(
  { count, epochs, minibatches, stopKl, seed, step }: PassOptions,
  update: (rows: readonly number[]) => Promise<StepResult>,
): Promise<UpdateOutcome> {
  const all = Array.from({ length: count }, (_, i) => i);
  const size = count / minibatches;
  const results: StepResult[] = [];
  let pass = 0;
  let isOver = false;
  while (pass < epochs && !isOver) {
    pass++;
    const order = shuffled(all, new RandomStream(seed, `minibatches/${step}/${pass}`));
    for (let begin = 0; begin < count && !isOver; begin += size) {
      const result = await update(order.slice(begin, begin + size));
      results.push(result);
      const change = result.metrics["approx_kl/k3"] ?? 0;
      isOver = !result.applied || (stopKl !== null && change > stopKl);
    }
  }
  const outcome = meanOfSteps(results, EXTREMES);
  return { ...outcome, metrics: { ...outcome.metrics, epochs: pass, updates: results.length } };
}
