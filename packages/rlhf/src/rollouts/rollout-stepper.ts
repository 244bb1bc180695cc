/**
 * A step of every method that learns from its own samples: sample, score, measure, update, and lead
 * the weight of the KL penalty. What an update is, is the method's own.
 */

import type { Schedule, Snapshot, StepOutcome, Stepper } from "@preflab/lm";
import type { OptimizerState } from "@preflab/tfjs-backend-ort";
import { type KlControl, nextKlWeight } from "../kl/controller.ts";
import { type KlEstimator, klEstimates } from "../kl/estimators.ts";
import { type ScoreScaling, scaleScores } from "../shaping/scale-scores.ts";
import { scoreUnfinished, type UnfinishedScore } from "../shaping/unfinished.ts";
import { RunningMoments } from "../statistics/running-moments.ts";
import { rowSums, type TokenNumbers } from "../token-numbers.ts";
import type { Collector, Samples } from "./collect.ts";
import type { ComparedScores, Measured, Meter } from "./measure.ts";
import { rolloutMetrics, sequenceDivergences } from "./metrics.ts";

/** What an update learns from. */
export interface Experience<Name extends string> {
  readonly samples: Samples;
  /** Per completion token, before the update. */
  readonly measured: Measured<Name | keyof ComparedScores>;
  /** Penalised divergence of every token, nats. */
  readonly kl: TokenNumbers;
  /** Of completions, shaped. */
  readonly scores: Float64Array;
  readonly klWeight: number;
}

/** What an update gave. */
export interface UpdateOutcome {
  readonly loss: number;
  /** Before clipping. */
  readonly gradNorm: number;
  readonly applied: boolean;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A method of learning from samples. */
export interface RolloutMethod<Name extends string> {
  readonly meter: Meter<Name | keyof ComparedScores>;
  update(step: number, lr: number, experience: Experience<Name>): Promise<UpdateOutcome>;
  /** Of the optimizer. */
  state(): OptimizerState;
  /** @param step the one that is taken next, from 1 */
  restore(state: OptimizerState, step: number): void;
  /** Frees programs and optimizer state. */
  dispose(): void;
}

/** What is done to scores before they are rewards: scaled and clipped, then corrected. */
export interface ScoreSettings extends ScoreScaling {
  readonly unfinished: UnfinishedScore;
}

/** The penalty for leaving the reference. */
export interface KlSettings extends KlControl {
  /** Penalty per token; `exact` sums over the vocabulary. */
  readonly estimator: KlEstimator | "exact";
}

/** What a caller may want to see of a step. */
export interface StepRollouts {
  readonly step: number;
  readonly samples: Samples;
  /** Of the reward function. */
  readonly rawScores: Float64Array;
}

/** What a step is made of. */
export interface RolloutParts<Name extends string> {
  readonly collector: Collector;
  readonly method: RolloutMethod<Name>;
  readonly score: ScoreSettings;
  readonly kl: KlSettings;
  readonly schedule: Schedule;
  /** Milliseconds; with it steps report the time of each phase. */
  readonly clock?: (() => number) | undefined;
  readonly onRollouts?: ((rollouts: StepRollouts) => void | Promise<void>) | undefined;
}

/** The steps of a run. */
export function rolloutStepper<Name extends string>(parts: RolloutParts<Name>): Stepper {
  const { collector, method, score, kl, schedule, clock, onRollouts } = parts;
  let klWeight = kl.initial;
  let moments = new RunningMoments();
  let queries = 0;

  const shape = (rawScores: Float64Array, finished: readonly boolean[]) => {
    // Those of the first step, which the policy takes as the reference.
    if (score.scale === "reference" && moments.state.count === 0) moments.update(rawScores);
    return scoreUnfinished(scaleScores(rawScores, score, moments), finished, score.unfinished);
  };

  const take = async (step: number): Promise<StepOutcome> => {
    const watch = stopwatch(clock);
    const samples = await watch("rollout", () => collector.sample(step));
    // Before they are scored, since a reference may tell a reward model what it says of them.
    const measured = await watch("measure", () => method.meter.measure(samples.rollouts));
    const rawScores = await watch("score", () => collector.score(samples));
    queries += rawScores.length;
    await onRollouts?.({ step, samples, rawScores });
    const penalty = penalties(kl.estimator, measured);
    const scores = shape(rawScores, samples.finished);
    const lr = schedule(step);
    const experience = { samples, measured, kl: penalty, scores, klWeight };
    const outcome = await watch("update", () => method.update(step, lr, experience));
    const divergences = sequenceDivergences(measured);
    const penalised = rowSums(penalty);
    const numbers = { samples, measured, divergences, rawScores, scores, penalised, klWeight };
    const metrics = {
      ...{ step, loss: outcome.loss, lr, grad_norm: outcome.gradNorm },
      ...outcome.metrics,
      // The entropy is that of the policy that sampled, whether updates know theirs or not.
      ...rolloutMetrics(numbers),
      ...(kl.target !== null && { "kl/target": kl.target }),
      queries,
      ...watch.times,
    };
    if (outcome.applied) {
      const sequenceKl = kl.estimator === "exact" ? divergences.exact : divergences.k1;
      klWeight = nextKlWeight(kl, klWeight, mean(sequenceKl), sequenceKl.length);
    }
    return { metrics, applied: outcome.applied };
  };

  const state = () => ({
    optimizer: method.state(),
    numbers: {
      kl_weight: klWeight,
      queries,
      ...Object.fromEntries(
        Object.entries(moments.state).map(([name, value]) => [`scores/${name}`, value]),
      ),
    },
  });
  const restore = ({ step, optimizer, numbers }: Snapshot) => {
    method.restore(optimizer, step + 1);
    const number = (name: string) => numberOf(numbers, name);
    klWeight = number("kl_weight");
    queries = number("queries");
    moments = new RunningMoments({
      count: number("scores/count"),
      mean: number("scores/mean"),
      squares: number("scores/squares"),
    });
  };
  return { take, state, restore };
}

/** Penalised divergence of every token, nats. */
function penalties(
  estimator: KlEstimator | "exact",
  { logps, referenceLogps, kl }: Measured<keyof ComparedScores>,
): TokenNumbers {
  if (estimator === "exact") return kl;
  return klEstimates(estimator, logps, referenceLogps);
}

/** Runs phases and notes their time. */
interface Stopwatch {
  <Result>(phase: string, run: () => Promise<Result>): Promise<Result>;
  /** Milliseconds by `time/<phase>`. */
  readonly times: Readonly<Record<string, number>>;
}

function stopwatch(clock: (() => number) | undefined): Stopwatch {
  const times: Record<string, number> = {};
  const run = async <Result>(phase: string, task: () => Promise<Result>) => {
    const begin = clock?.();
    const result = await task();
    if (clock && begin !== undefined) times[`time/${phase}`] = clock() - begin;
    return result;
  };
  return Object.assign(run, { times });
}

function numberOf(numbers: Readonly<Record<string, number>>, name: string): number {
  const value = numbers[name];
  if (value !== undefined) return value;
  throw new Error(
    `rollouts: expected a checkpoint with ${name}, got one with ${Object.keys(numbers).join(", ")}. ` +
      "It belongs to another kind of run.",
  );
}

function mean(numbers: Float64Array): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}
