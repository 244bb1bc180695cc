/** The numbers that make PPO what it is. Where those of a run come from is in ./presets.ts. */

import type { OptimizerConfig } from "@preflab/lm";
import type { ClipRange } from "../losses/policy-loss.ts";
import type { KlSettings, ScoreSettings } from "../rollouts/rollout-stepper.ts";
import type { PassSettings, RolloutSettings } from "../rollouts/settings.ts";
import type { VarianceKind } from "../statistics/moments.ts";

/** Over what advantages are whitened. */
export const WHITENINGS = ["none", "batch", "minibatch"] as const;

/** Whether the value function is a head on the policy or a model of its own. */
export const TRUNKS = ["shared", "separate"] as const;

/** What a value model of its own starts from. */
export const VALUE_STARTS = ["policy", "reward"] as const;

/** How rewards become advantages. */
export interface AdvantageSettings {
  readonly gamma: number;
  readonly lambda: number;
  /** Whiten rewards, their mean kept, over the same completions as advantages. */
  readonly whitenRewards: boolean;
  readonly whiten: (typeof WHITENINGS)[number];
  readonly variance: VarianceKind;
}

/** What is done with a batch of rollouts. */
export interface UpdateSettings extends PassSettings {
  readonly clipRange: ClipRange;
  readonly valueClipRange: number | null;
  readonly valueWeight: number;
  readonly entropyWeight: number;
}

/** The value function. */
export interface ValueSettings {
  readonly trunk: (typeof TRUNKS)[number];
  /** Of a trunk of its own. */
  readonly start: (typeof VALUE_STARTS)[number];
  /**
   * Standard deviation of the head's first weights, 0 for values that are all 0 at first; a reward
   * model's head is kept instead.
   */
  readonly headDeviation: number;
  /** Steps in which the value function alone is trained, at the start. */
  readonly warmupSteps: number;
}

/** Everything but data, models and the length of the run. */
export interface PpoSettings {
  readonly optimizer: OptimizerConfig;
  readonly rollout: RolloutSettings;
  readonly score: ScoreSettings;
  readonly kl: KlSettings;
  readonly advantages: AdvantageSettings;
  readonly update: UpdateSettings;
  readonly value: ValueSettings;
}
