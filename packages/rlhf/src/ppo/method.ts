/** What PPO makes of a step's rollouts: passes of minibatches. */

import { RandomStream, shuffled } from "@preflab/lm";
import type { StepResult } from "@preflab/tfjs-backend-ort";
import type { Advantages } from "../advantages/gae.ts";
import type { ComparedScores, Meter } from "../rollouts/measure.ts";
import type { Experience, RolloutMethod, UpdateOutcome } from "../rollouts/rollout-stepper.ts";
import { tokenRewards } from "../shaping/token-rewards.ts";
import { explainedVariance } from "../statistics/explained-variance.ts";
import type { ActorCritic } from "./actor-critic.ts";
import { rolloutAdvantages } from "./advantages.ts";
import type { PpoSettings } from "./settings.ts";
import { type PpoUpdater, ppoUpdater, type UpdaterOptions, valueUpdater } from "./update.ts";

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
      const outcome = await passes(updaterAt(step), experience, rewards, settings, {
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
async function passes(
  updater: PpoUpdater,
  { samples: { rollouts }, measured }: Experience<"values">,
  rewards: Float64Array[],
  { advantages: settings, update }: PpoSettings,
  { lr, step, seed }: { readonly lr: number; readonly step: number; readonly seed: number },
): Promise<UpdateOutcome> {
  const { values } = measured;
  const ofBatch = rolloutAdvantages(rewards, values, settings);
  const size = rollouts.length / update.minibatches;
  const results: StepResult[] = [];
  let pass = 0;
  let isOver = false;
  while (pass < update.epochs && !isOver) {
    pass++;
    const order = shuffled(
      rollouts.map((_, i) => i),
      new RandomStream(seed, `minibatches/${step}/${pass}`),
    );
    for (let begin = 0; begin < order.length && !isOver; begin += size) {
      const rows = order.slice(begin, begin + size);
      const pick = <Item>(items: readonly Item[]) => rows.map((row) => items[row] as Item);
      const { advantages, returns }: Advantages =
        settings.whiten === "minibatch"
          ? rolloutAdvantages(pick(rewards), pick(values), settings)
          : { advantages: pick(ofBatch.advantages), returns: pick(ofBatch.returns) };
      const result = await updater.update(lr, {
        rollouts: pick(rollouts),
        oldLogps: pick(measured.logps),
        oldValues: pick(values),
        advantages,
        returns,
      });
      results.push(result);
      const change = result.metrics["approx_kl/k3"] ?? 0;
      isOver = !result.applied || (update.stopKl !== null && change > update.stopKl);
    }
  }
  const outcome = summary(results);
  return {
    ...outcome,
    metrics: {
      ...outcome.metrics,
      explained_variance: explainedVariance(values, ofBatch.returns),
      epochs: pass,
      updates: results.length,
    },
  };
}

/** Means over updates, of extreme ratios the extremes. */
function summary(results: readonly StepResult[]): UpdateOutcome {
  const mean = (numbers: readonly number[]) =>
    numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const reductions: Readonly<Record<string, (numbers: readonly number[]) => number>> = {
    "ratio/min": (numbers) => Math.min(...numbers),
    "ratio/max": (numbers) => Math.max(...numbers),
  };
  const names = Object.keys(results[0]?.metrics ?? {});
  const metrics = names.map((name) => {
    const reduce = reductions[name] ?? mean;
    return [name, reduce(results.map((result) => result.metrics[name] as number))] as const;
  });
  return {
    loss: mean(results.map(({ loss }) => loss)),
    gradNorm: mean(results.map(({ gradNorm }) => gradNorm)),
    applied: results.every(({ applied }) => applied),
    metrics: Object.fromEntries(metrics),
  };
}
