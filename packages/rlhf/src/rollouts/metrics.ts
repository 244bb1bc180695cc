/** What a step of rollouts tells about the policy that made them. */

import { meanAndError } from "@preflab/lm";
import { distinctN } from "../health/distinct.ts";
import { klEstimates } from "../kl/estimators.ts";
import { momentsOf } from "../statistics/moments.ts";
import { allNumbers, rowSums } from "../token-numbers.ts";
import type { Samples } from "./collect.ts";
import type { ComparedScores, Measured } from "./measure.ts";

/** Divergences from the reference, nats per completion, one number for each. */
export interface SequenceDivergences {
  /** Sums over tokens of the divergence of their distributions. */
  readonly exact: Float64Array;
  /** Sums of estimates from the sampled tokens, see `klEstimates`. */
  readonly k1: Float64Array;
  readonly k2: Float64Array;
  readonly k3: Float64Array;
}

/** Divergences of completions from the reference, at the sampling temperature. */
export function sequenceDivergences({
  logps,
  referenceLogps,
  kl,
}: Measured<keyof ComparedScores>): SequenceDivergences {
  const estimate = (name: "k1" | "k2" | "k3") => rowSums(klEstimates(name, logps, referenceLogps));
  return {
    exact: rowSums(kl),
    k1: estimate("k1"),
    k2: estimate("k2"),
    k3: estimate("k3"),
  };
}

/** What {@link rolloutMetrics} looks at. */
export interface RolloutNumbers {
  readonly samples: Samples;
  readonly measured: Measured<keyof ComparedScores>;
  readonly divergences: SequenceDivergences;
  /** Of the reward function. */
  readonly rawScores: Float64Array;
  /** Scaled and corrected. */
  readonly scores: Float64Array;
  /** Sums over tokens of the penalised divergence, nats per completion. */
  readonly penalised: Float64Array;
  readonly klWeight: number;
}

/**
 * Numbers of a step by the names of metrics.jsonl. `score/*`: of the reward function; `reward/mean`:
 * shaped score less the weighted divergence; `kl/*`: nats per completion with standard errors;
 * `entropy`: nats per token; `length/*`: tokens; `distinct_n`: see `distinctN`; `eos_rate`: share that
 * ended by itself.
 */
export function rolloutMetrics(numbers: RolloutNumbers): Record<string, number> {
  const { samples, measured, divergences, rawScores, scores, penalised, klWeight } = numbers;
  const lengths = samples.rollouts.map(({ completionIds }) => completionIds.length);
  const bodies = samples.rollouts.map(({ completionIds }, i) =>
    Array.from(completionIds).slice(0, samples.finished[i] ? -1 : undefined),
  );
  const { mean: score, variance } = momentsOf(rawScores, "population");
  const rewards = scores.map((x, i) => x - klWeight * (penalised[i] as number));
  const kl: Record<string, number> = {};
  for (const name of ["exact", "k1", "k2", "k3"] as const) {
    const { mean, error } = meanAndError(divergences[name]);
    kl[`kl/${name}`] = mean;
    kl[`kl/${name}_error`] = error;
  }
  return {
    "score/mean": score,
    "score/std": Math.sqrt(variance),
    "reward/mean": mean(rewards),
    ...kl,
    "kl/weight": klWeight,
    entropy: mean([...allNumbers(measured.entropy)]),
    "length/mean": mean(lengths),
    "length/max": Math.max(...lengths),
    distinct_1: distinctN(bodies, 1),
    distinct_2: distinctN(bodies, 2),
    eos_rate: samples.finished.filter(Boolean).length / lengths.length,
  };
}

function mean(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((sum, x) => sum + x, 0) / numbers.length;
}
