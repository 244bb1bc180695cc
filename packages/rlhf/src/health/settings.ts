/** When a run of reinforcement learning counts as collapsed, and what happens then. */

import type { OptionReader } from "@preflab/lm";

/** What happens at signs of collapse. */
export const HEALTH_ACTIONS = ["warn", "stop", "off"] as const;

const MOST = Number.MAX_VALUE;
/** Above 0, where 0 could never be crossed. */
const LEAST = Number.MIN_VALUE;

/** Bounds that a healthy run stays within; null for none. */
export interface HealthSettings {
  readonly action: (typeof HEALTH_ACTIONS)[number];
  /** Steps in a row that a sign must be there, from 1; numbers that are not finite count at once. */
  readonly patience: number;
  /** Least entropy, nats per token. */
  readonly entropyFloor: number | null;
  /** How many times longer, or shorter, than at the first step completions may be on average. */
  readonly lengthFactor: number | null;
  /** How many times fewer completions than at the first step may end by themselves. */
  readonly eosFactor: number | null;
  /** Largest divergence from the reference, nats per completion. */
  readonly klLimit: number | null;
  /** How many times likelier a token may become within the passes of one step. */
  readonly ratioLimit: number | null;
}

/** Bounds that runs of all presets keep to unless something is wrong; a collapse warns. */
export const HEALTH_DEFAULTS: HealthSettings = {
  action: "warn",
  // One batch may be odd; that three in a row are is no accident.
  patience: 3,
  // Of a choice between two tokens at 99 to 1 it is 0.056: below, next to nothing is left to explore.
  entropyFloor: 0.05,
  // PPO on learned rewards lengthens completions even where all is well (Singhal et al. 2023,
  // arXiv:2310.03716): twice as long must pass. lm-human-preferences' lengths are fixed.
  lengthFactor: 3,
  // Policies that forget to end fall from nearly all to a few in a hundred; what stays above a tenth
  // may yet come back.
  eosFactor: 10,
  // Four times the highest target of the DPO paper (12); from 50 on, Huang et al. 2024
  // (arXiv:2403.17031) saw summaries of 53 tokens over-optimised. Longer completions need more.
  klLimit: 50,
  // Clipping takes gradients away beyond 1.2; after 128 updates of a step the largest of a thousand
  // ratios was 16 in runs that learned well. TRL's classic trainer skipped minibatches whose mean was
  // above 10, which takes one token far beyond this, or many near it.
  ratioLimit: 1e4,
};

/** Settings of `health`. @throws ConfigError for unknown keys and values out of range */
export function readHealth(
  reader: OptionReader,
  defaults: HealthSettings = HEALTH_DEFAULTS,
): HealthSettings {
  const bound = (key: Exclude<keyof HealthSettings, "action" | "patience">, low = 1) =>
    reader.numberOrNone(key, defaults[key], low, MOST);
  const health = {
    action: reader.choice("action", defaults.action, HEALTH_ACTIONS),
    patience: reader.integer("patience", defaults.patience, 1),
    entropyFloor: bound("entropyFloor", LEAST),
    lengthFactor: bound("lengthFactor"),
    eosFactor: bound("eosFactor"),
    klLimit: bound("klLimit", LEAST),
    ratioLimit: bound("ratioLimit"),
  };
  reader.finish();
  return health;
}
