/** The numbers that make RLOO and GRPO what they are. Where those of a run come from: ./presets.ts. */

import type { OptimizerConfig } from "@preflab/lm";
import type { GroupRelativeOptions } from "../advantages/group-relative.ts";
import type { Aggregation } from "../losses/aggregate.ts";
import type { KlLoss } from "../losses/kl-loss.ts";
import type { ClipRange } from "../losses/policy-loss.ts";
import type { KlSettings, ScoreSettings } from "../rollouts/rollout-stepper.ts";
import type { PassSettings, RolloutSettings } from "../rollouts/settings.ts";

/** What the two have in common; `samplesPerPrompt` is at least 2. */
interface CriticFreeSettings {
  readonly optimizer: OptimizerConfig;
  readonly rollout: RolloutSettings;
  readonly score: ScoreSettings;
  readonly update: PassSettings & {
    /** Of ratios of completions with RLOO, of tokens with GRPO. */
    readonly clipRange: ClipRange;
  };
}

/** Everything of RLOO but data, models and the length of the run. */
export interface RlooSettings extends CriticFreeSettings {
  /** A part of the reward: each completion's divergence is the sum over its tokens. */
  readonly kl: KlSettings;
  readonly advantages: {
    /** Whiten the advantages of a step: TRL's `normalize_advantages`, up to its epsilon. */
    readonly whiten: boolean;
  };
}

/** Everything of GRPO but data, models and the length of the run. */
export interface GrpoSettings extends CriticFreeSettings {
  /** A part of the loss. */
  readonly kl: {
    /** beta, at least 0; 0 for none. */
    readonly weight: number;
    readonly loss: KlLoss;
  };
  readonly advantages: GroupRelativeOptions;
  readonly update: CriticFreeSettings["update"] & { readonly aggregation: Aggregation };
}
