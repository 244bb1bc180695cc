/** Watches a run for signs of collapse that last. */

import { COMPARED_WITH_FIRST, DETECTORS } from "./collapse.ts";
import type { HealthSettings } from "./settings.ts";

/** Names of the state begin so, so that a checkpoint can hold them among others. */
const FIRST = "health/first/";
const HELD = "health/held/";

/** Watches a run. */
export interface HealthMonitor {
  /**
   * Looks at a step, which must be the one after the last it looked at.
   * @returns signs that have lasted for the settings' patience: with `stop` all of them, with `warn`
   *   those that have just come to last, with `off` none
   */
  look(metrics: Readonly<Record<string, number>>): readonly string[];
  /** Finite numbers to make the monitor of a resumed run from. */
  state(): Record<string, number>;
}

/**
 * A monitor of a run.
 * @param state of a checkpoint, other numbers among it; default: of a run that begins
 */
export function healthMonitor(
  settings: HealthSettings,
  state: Readonly<Record<string, number>> = {},
): HealthMonitor {
  const first = numbersAfter(FIRST, state);
  const held = numbersAfter(HELD, state);
  const { action, patience } = settings;
  const look = (metrics: Readonly<Record<string, number>>) => {
    for (const name of COMPARED_WITH_FIRST) {
      const value = metrics[name];
      if (first[name] === undefined && Number.isFinite(value)) first[name] = value as number;
    }
    return DETECTORS.flatMap(({ name, atOnce, see }) => {
      const sign = see(metrics, first, settings);
      const steps = sign === null ? 0 : (held[name] ?? 0) + 1;
      held[name] = steps;
      const enough = atOnce ? 1 : patience;
      const lasts = action === "warn" ? steps === enough : steps >= enough;
      return sign !== null && lasts ? sign : [];
    });
  };
  return {
    look: (metrics) => (action === "off" ? [] : look(metrics)),
    state: () => ({ ...named(FIRST, first), ...named(HELD, held) }),
  };
}

/** Numbers whose names begin so, by the rest of their names. */
function numbersAfter(
  prefix: string,
  state: Readonly<Record<string, number>>,
): Record<string, number> {
  const own = Object.entries(state).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

function named(
  prefix: string,
  numbers: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [prefix + name, value] as const),
  );
}
