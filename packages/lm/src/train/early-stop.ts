/** Ends a training whose evaluations no longer get better. */

import type { OptionReader } from "./options.ts";

/** When a training ends early. */
export interface EarlyStopConfig {
  /** Number of an evaluation that should fall, such as `eval/loss`. */
  readonly metric: string;
  /** Evaluations in a row without a better number before training ends; 0 for never. */
  readonly patience: number;
  /** By how much a number must be lower to be better. */
  readonly minDelta: number;
}

/** Never. */
export const NO_EARLY_STOP: EarlyStopConfig = { metric: "eval/loss", patience: 0, minDelta: 0 };

/** Settings from a reader. @throws ConfigError */
export function readEarlyStop(reader: OptionReader): EarlyStopConfig {
  const config = {
    metric: reader.string("metric", NO_EARLY_STOP.metric),
    patience: reader.integer("patience", NO_EARLY_STOP.patience, 0),
    minDelta: reader.number("minDelta", NO_EARLY_STOP.minDelta, 0, Number.MAX_VALUE),
  };
  reader.finish();
  return config;
}

/**
 * A function to tell every step's metrics, those before a resumed checkpoint first: true when
 * training should end. Steps without the metric are passed over; one that is not a number is no
 * better than any.
 */
export function earlyStop({
  metric,
  patience,
  minDelta,
}: EarlyStopConfig): (metrics: Readonly<Record<string, unknown>>) => boolean {
  let best = Number.POSITIVE_INFINITY;
  let worse = 0;
  return (metrics) => {
    if (patience === 0 || !(metric in metrics)) return false;
    const value = Number(metrics[metric]);
    if (value < best - minDelta) {
      best = value;
      worse = 0;
    } else worse++;
    return worse >= patience;
  };
}
