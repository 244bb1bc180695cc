/** A run of any method that learns from its own samples: the shared loop, watched for collapse. */

import {
  runLoop,
  type Snapshot,
  type Stepper,
  type TrainerConfig,
  type TrainHooks,
  type TrainOutcome,
} from "@preflab/lm";
import { CollapseError } from "../health/collapse-error.ts";
import { healthMonitor } from "../health/monitor.ts";
import type { HealthSettings } from "../health/settings.ts";
import type { StepRollouts } from "./rollout-stepper.ts";

/** What a trainer on rollouts tells and asks its caller. All may be left out. */
export interface RolloutHooks extends TrainHooks {
  /** Milliseconds; with it, steps report the time of each phase. */
  readonly clock?: () => number;
  /** Told signs of collapse. */
  readonly warn?: (message: string) => void;
  /** Shown what a step has sampled, before the update. */
  readonly onRollouts?: (rollouts: StepRollouts) => void | Promise<void>;
}

/** Length of a run, and what it is watched for. */
export interface RolloutRun extends Pick<TrainerConfig, "evalEvery" | "saveEvery"> {
  /** For messages, such as `trainPpo`. */
  readonly name: string;
  /** Steps of rollouts with all their updates. */
  readonly maxSteps: number;
  readonly health: HealthSettings;
}

/**
 * Takes the steps of a run.
 * @param resume a checkpoint whose values the variables already have
 * @throws NonFiniteError, see `runLoop`
 * @throws CollapseError, once a checkpoint is saved, for a policy that has collapsed if the settings
 *   say so
 */
export async function trainOnRollouts(
  stepper: Stepper,
  { name, maxSteps, evalEvery, saveEvery, health }: RolloutRun,
  hooks: RolloutHooks,
  resume: (Snapshot & { readonly name: string }) | undefined,
): Promise<TrainOutcome> {
  const monitor = healthMonitor(health, resume?.numbers);
  const watched: Stepper = {
    ...stepper,
    state: () => {
      const { optimizer, numbers } = stepper.state();
      return { optimizer, numbers: { ...numbers, ...monitor.state() } };
    },
  };
  let collapse: readonly string[] = [];
  const stop: TrainHooks["stop"] = (metrics) => {
    const signs = monitor.look(metrics);
    if (signs.length > 0) hooks.warn?.(`step ${metrics.step}: ${signs.join(" ")}`);
    if (health.action === "stop") collapse = signs;
    return collapse.length > 0 || (hooks.stop?.(metrics) ?? false);
  };
  const options = { name, stepper: watched, maxSteps, evalEvery, saveEvery, resume };
  const outcome = await runLoop(options, { ...hooks, stop });
  if (collapse.length === 0) return outcome;
  throw new CollapseError(name, outcome.step, collapse, outcome.checkpoint);
}
