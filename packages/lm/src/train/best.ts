/** Tells when an evaluation is the best so far, so that its parameters can be kept. */

/** Which way a number gets better. */
export type Better = "lower" | "higher";

/**
 * A function to tell every step's metrics, those before a resumed checkpoint first: true where the
 * metric is there and better than all before it. Numbers that are not finite never are.
 * @param metric such as `eval/loss`
 */
export function bestSoFar(
  metric: string,
  better: Better,
): (metrics: Readonly<Record<string, unknown>>) => boolean {
  const sign = better === "higher" ? 1 : -1;
  let best = Number.NEGATIVE_INFINITY;
  return (metrics) => {
    const value = sign * Number(metrics[metric] ?? Number.NaN);
    if (!(Number.isFinite(value) && value > best)) return false;
    best = value;
    return true;
  };
}
