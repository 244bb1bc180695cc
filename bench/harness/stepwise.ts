/** Lets what measures decide when a training takes its next step. */
import type { StepMetrics, TrainHooks } from "@preflab/lm";

/**
 * A training that takes one step per call: it waits in its log until the next one.
 * @param start begins the training with the hooks it is given
 * @returns takes a step; rejects if the training fails
 */
export function stepwise(
  start: (hooks: TrainHooks) => Promise<unknown>,
): () => Promise<StepMetrics> {
  let goOn: (() => void) | null = null;
  let report: (metrics: StepMetrics) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const log = (metrics: StepMetrics) =>
    new Promise<void>((resolve) => {
      goOn = resolve;
      report(metrics);
    });
  return () =>
    new Promise((resolve, reject) => {
      [report, fail] = [resolve, reject];
      if (goOn) goOn();
      else start({ log }).catch((error: unknown) => fail(error));
    });
}
