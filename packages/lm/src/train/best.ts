/** Tells when an evaluation is the best so far, so that its parameters can be kept. */

/** Which way a number gets better. */
export type Better = "lower" | "higher";

/** A number of an evaluation, such as `eval/loss`, and which way it gets better. */
export type Criterion = readonly [metric: string, better: Better];

/**
 * A function to tell every step's metrics, those before a resumed checkpoint first: true where the
 * first number is there and better than all before it, or as good and the next one decides. A number
 * that is not finite is the worst of all, and as a first one never the best.
 */
export function bestSoFar(
  ...criteria: readonly [Criterion, ...Criterion[]]
): (metrics: Readonly<Record<string, unknown>>) => boolean {
  let best: readonly number[] = criteria.map(() => Number.NEGATIVE_INFINITY);
  return (metrics) => {
    const values = criteria.map(([metric, better]) => {
      const value = Number(metrics[metric] ?? Number.NaN);
      if (!Number.isFinite(value)) return Number.NEGATIVE_INFINITY;
      return better === "higher" ? value : -value;
    });
    const decisive = values.findIndex((value, i) => value !== best[i]);
    const isBetter = (values[decisive] ?? Number.NaN) > (best[decisive] ?? Number.NaN);
    if (values[0] === Number.NEGATIVE_INFINITY || !isBetter) return false;
    best = values;
    return true;
  };
}
