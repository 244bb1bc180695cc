/** Preferences among a policy's own samples: what online DPO learns from. */

import type { TokenizedPair } from "@preflab/data";
import { scoreUnfinished, type UnfinishedScore } from "../shaping/unfinished.ts";
import type { Collector, Samples } from "./collect.ts";
import type { ComparedScores, Meter } from "./measure.ts";
import { rolloutMetrics, sequenceDivergences } from "./metrics.ts";
import type { StepRollouts } from "./rollout-stepper.ts";

/** Pairs of a step. */
export interface SamplePairs {
  readonly pairs: TokenizedPair[];
  /** Prompts without one: all their samples have the same score. */
  readonly ties: number;
}

/**
 * The best against the worst sample of every prompt: Guo et al. 2024, Online AI feedback
 * (arXiv:2402.04792), who compare two. Of equal scores the first is taken.
 * @param samples those of a prompt next to each other @param scores one per sample, shaped
 * @param samplesPerPrompt at least 2
 */
export function samplePairs(
  { rollouts }: Samples,
  scores: ArrayLike<number>,
  samplesPerPrompt: number,
): SamplePairs {
  const pairs: TokenizedPair[] = [];
  for (let first = 0; first < rollouts.length; first += samplesPerPrompt) {
    const indices = Array.from({ length: samplesPerPrompt }, (_, i) => first + i);
    const scoreOf = (i: number) => scores[i] as number;
    const best = indices.reduce((a, b) => (scoreOf(b) > scoreOf(a) ? b : a));
    const worst = indices.reduce((a, b) => (scoreOf(b) < scoreOf(a) ? b : a));
    const [chosen, rejected] = [rollouts[best], rollouts[worst]];
    if (best === worst || !chosen || !rejected) continue;
    pairs.push({
      promptIds: chosen.promptIds,
      chosenIds: chosen.completionIds,
      rejectedIds: rejected.completionIds,
    });
  }
  return { pairs, ties: rollouts.length / samplesPerPrompt - pairs.length };
}

/** What pairs are made of. */
export interface PairParts {
  readonly collector: Collector;
  /** Of policy and reference; disposed by the caller. */
  readonly meter: Meter<keyof ComparedScores>;
  /** At least 2. */
  readonly samplesPerPrompt: number;
  readonly unfinished: UnfinishedScore;
  /** Of the divergence, in `reward/mean` alone: the objective's beta. */
  readonly klWeight: number;
  /** Shown what a step has sampled. */
  readonly onRollouts?: ((rollouts: StepRollouts) => void | Promise<void>) | undefined;
}

/** Pairs and what is to be told about them. */
export interface StepPairs {
  readonly pairs: readonly TokenizedPair[];
  /** See {@link rolloutMetrics}, with the exact divergence; `ties` and `queries`, of all steps. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Samples, scores and compares, for a trainer on pairs.
 * @returns a function of the step, from 1, and the policy's weights
 */
export function pairSampler(parts: PairParts): (step: number) => Promise<StepPairs> {
  const { collector, meter, samplesPerPrompt, unfinished, klWeight, onRollouts } = parts;
  return async (step) => {
    const samples = await collector.sample(step);
    // First, as in ./rollout-stepper.ts.
    const measured = await meter.measure(samples.rollouts);
    const rawScores = await collector.score(samples);
    await onRollouts?.({ step, samples, rawScores });
    const scores = scoreUnfinished(rawScores, samples.finished, unfinished);
    const { pairs, ties } = samplePairs(samples, scores, samplesPerPrompt);
    const divergences = sequenceDivergences(measured);
    const penalised = divergences.exact;
    const numbers = { samples, measured, divergences, rawScores, scores, penalised, klWeight };
    const queries = step * rawScores.length;
    return { pairs, metrics: { ...rolloutMetrics(numbers), ties, queries } };
  };
}
