/** Learning-rate schedules: pure functions from the step, counted from 1, to a learning rate. */

/** Learning rate of a step. @param step from 1 */
export type Schedule = (step: number) => number;

/** The same rate at every step. */
export function constant(lr: number): Schedule {
  return () => lr;
}

/**
 * Warm-up of the DPO reference code, then constant: lr * min(1, step / (warmupSteps + 1)). The first
 * step already moves.
 */
export function referenceWarmup(lr: number, warmupSteps: number): Schedule {
  return (step) => lr * Math.min(1, step / (warmupSteps + 1));
}

/** transformers' `constant_with_warmup`: from 0 at step 1, which does nothing, up to lr. */
export function constantWithWarmup(lr: number, warmupSteps: number): Schedule {
  return (step) => lr * Math.min(1, (step - 1) / Math.max(1, warmupSteps));
}

/** transformers' `linear`: warm-up from 0, then down to 0 after `totalSteps`. */
export function linear(lr: number, warmupSteps: number, totalSteps: number): Schedule {
  return (step) => {
    const done = step - 1;
    if (done < warmupSteps) return (lr * done) / Math.max(1, warmupSteps);
    return lr * Math.max(0, (totalSteps - done) / Math.max(1, totalSteps - warmupSteps));
  };
}

/** transformers' `cosine`: warm-up from 0, then half a cosine down to 0 after `totalSteps`. */
export function cosine(lr: number, warmupSteps: number, totalSteps: number): Schedule {
  return (step) => {
    const done = step - 1;
    if (done < warmupSteps) return (lr * done) / Math.max(1, warmupSteps);
    const progress = (done - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
    return lr * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
  };
}

/** lr * (1 - (step - 1) / totalSteps), as lm-human-preferences and CleanRL anneal PPO. */
export function linearToZero(lr: number, totalSteps: number): Schedule {
  return (step) => lr * Math.max(0, 1 - (step - 1) / totalSteps);
}
