/**
 * A second implementation of the losses per token, independent of the first: plain numbers in
 * float64, formulas as the papers print them, gradients derived by hand.
 */

/** A loss, its derivative by the number of the policy in training, and whether it is clipped. */
export interface Outcome {
  readonly loss: number;
  readonly slope: number;
  readonly clipped: boolean;
}

/** Clipped surrogate of one token. */
export function surrogate(
  logp: number,
  oldLogp: number,
  advantage: number,
  low: number,
  high: number,
): Outcome {
  const ratio = Math.exp(logp - oldLogp);
  const free = advantage * ratio;
  const bounded = advantage * Math.min(Math.max(ratio, 1 - low), 1 + high);
  return bounded < free
    ? { loss: -bounded, slope: 0, clipped: true }
    : { loss: -free, slope: -free, clipped: false };
}

/** Clipped squared error of one value. */
export function squaredError(
  value: number,
  oldValue: number,
  target: number,
  range: number,
): Outcome {
  const near = oldValue + Math.min(Math.max(value - oldValue, -range), range);
  const [free, bounded] = [(value - target) ** 2 / 2, (near - target) ** 2 / 2];
  return bounded > free
    ? { loss: bounded, slope: 0, clipped: true }
    : { loss: free, slope: value - target, clipped: false };
}
