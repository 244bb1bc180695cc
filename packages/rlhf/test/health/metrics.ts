/** Metrics of steps, for tests. */

/** A step at which nothing is wrong, with what is different from it. */
export function stepWith(changes: Readonly<Record<string, number>> = {}): Record<string, number> {
  return {
    "score/mean": 0.4,
    "score/std": 1,
    "reward/mean": 0.1,
    "kl/k1": 2,
    "kl/k3": 2.2,
    "kl/weight": 0.15,
    entropy: 1.8,
    "ratio/max": 1.7,
    "length/mean": 24,
    eos_rate: 0.9,
    explained_variance: Number.NaN,
    ...changes,
  };
}
