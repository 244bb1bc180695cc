/** What PPO makes of a step's rollouts: passes of minibatches. */

import type { Advantages } from "../advantages/gae.ts";
import type { ComparedScores, Meter } from "../rollouts/measure.ts";
import { passes } from "../rollouts/passes.ts";
import type { Experience, RolloutMethod, UpdateOutcome } from "../rollouts/rollout-stepper.ts";
import type { UpdaterOptions } from "../rollouts/updater.ts";
import { tokenRewards } from "../shaping/token-rewards.ts";
import { explainedVariance } from "../statistics/explained-variance.ts";
import type { ActorCritic } from "./actor-critic.ts";
import { rolloutAdvantages } from "./advantages.ts";
import type { PpoSettings } from "./settings.ts";
import { type PpoUpdater, ppoUpdater, valueUpdater } from "./update.ts";

/** What the method needs to know. */
export interface PpoMethodOptions extends UpdaterOptions {
  /** Of the order of minibatches. */
  readonly seed: number;
}

type PpoMeter = Meter<keyof ComparedScores | "values">;

/** PPO as a method of learning from rollouts. @param meter is disposed with the method */
export function ppoMethod(
  model: ActorCritic,
  meter: PpoMeter,
  settings: PpoSettings,
  options: PpoMethodOptions,
): RolloutMethod<"values"> {
  const updaters = {
    both: ppoUpdater(model, settings, options),
    values: valueUpdater(model, settings, options),
  };
  const { warmupSteps } = settings.value;
  const updaterAt = (step: number) => (step <= warmupSteps ? updaters.values : updaters.both);
  let lastStep = 0;
  return {
    meter,
    update: async (step, lr, experience) => {
      const rewards = tokenRewards(experience.kl, experience.scores, experience.klWeight);
      const outcome = await updates(updaterAt(step), experience, rewards, settings, {
        ...{ lr, step, seed: options.seed },
      });
      lastStep = step;
      return outcome;
    },
    // After the last step of values alone the other optimizer begins, without any state.
    state: () => updaterAt(lastStep + 1).step.state(),
    restore: (state, step) => {
      lastStep = step - 1;
      updaterAt(step).step.restore(state);
    },
    dispose: () => {
      meter.dispose();
      updaters.both.dispose();
      updaters.values.dispose();
    },
  };
}

/** All passes over the rollouts of a step. */
async function updates(
  updater: PpoUpdater,
  { samples: { rollouts }, measured }: Experience<"values">,
  rewards: Float64Array[],
  { advantages: settings, update }: PpoSettings,
  { lr, step, seed }: { readonly lr: number; readonly step: number; readonly seed: number },
): Promise<UpdateOutcome> {
  const { values } = measured;
  const ofBatch = rolloutAdvantages(rewards, values, settings);
  const count = rollouts.length;
  const outcome = await passes({ ...update, count, seed, step }, (rows) => {
    const pick = <Item>(items: readonly Item[]) => rows.map((row) => items[row] as Item);
    const { advantages, returns }: Advantages =
      settings.whiten === "minibatch"
        ? rolloutAdvantages(pick(rewards), pick(values), settings)
        : { advantages: pick(ofBatch.advantages), returns: pick(ofBatch.returns) };
    return updater.update(lr, {
      rollouts: pick(rollouts),
      oldLogps: pick(measured.logps),
      oldValues: pick(values),
      advantages,
      returns,
    });
  });
  const explained_variance = explainedVariance(values, ofBatch.returns);
  return { ...outcome, metrics: { ...outcome.metrics, explained_variance } };
}
