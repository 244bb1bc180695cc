/** One prompt with K responses: policies as plain float64 vectors, and pairs of all responses. */
import type { ConfiguredPair } from "@preflab/dpo";
import { evaluatePairs, type PairColumns, type PairNumbers } from "../objectives/batches.ts";

/** A policy, K numbers that sum to 1. */
export type Policy = readonly number[];

/** Probabilities in proportion to `exp(scores)`. */
export function softmax(scores: readonly number[]): number[] {
  const top = Math.max(...scores);
  const powers = scores.map((x) => Math.exp(x - top));
  const sum = total(powers);
  return powers.map((x) => x / sum);
}

/** Sum of numbers. */
export function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0);
}

/** KL(policy || reference), nats. */
export function divergence(policy: Policy, reference: Policy): number {
  return total(policy.map((p, k) => (p === 0 ? 0 : p * Math.log(p / (reference[k] as number)))));
}

/** `log sum_k reference_k exp(rewards_k / beta)` */
export function logPartition(reference: Policy, rewards: readonly number[], beta: number): number {
  return Math.log(total(reference.map((q, k) => q * Math.exp((rewards[k] as number) / beta))));
}

/** The policy of the largest reward less beta times the divergence: `reference exp(r / beta) / Z`. */
export function bestPolicy(reference: Policy, rewards: readonly number[], beta: number): number[] {
  return softmax(reference.map((q, k) => Math.log(q) + (rewards[k] as number) / beta));
}

/** A pair of responses, by number. */
export interface LabelledPair {
  readonly chosen: number;
  readonly rejected: number;
  /** Probability of the pair with this label. */
  readonly weight: number;
}

/**
 * All pairs of two different responses drawn from the reference, each with both labels.
 * @param preference probability that the first response is preferred to the second
 */
export function population(
  reference: Policy,
  preference: (first: number, second: number) => number,
): LabelledPair[] {
  const pairs = reference.flatMap((p, i) =>
    reference.flatMap((q, j) =>
      i === j ? [] : [{ chosen: i, rejected: j, weight: p * q * preference(i, j) }],
    ),
  );
  // Every ordered pair is drawn as (i, j) and as (j, i).
  const mass = total(pairs.map(({ weight }) => weight));
  return pairs.map((pair) => ({ ...pair, weight: pair.weight / mass }));
}

/** Losses and gradients of pairs under a policy, from the package's own objective. */
export function evaluatePopulation(
  objective: ConfiguredPair,
  pairs: readonly LabelledPair[],
  policy: Policy,
  reference: Policy,
): PairNumbers {
  const logs = (probabilities: Policy, side: "chosen" | "rejected") =>
    pairs.map((pair) => Math.log(probabilities[pair[side]] as number));
  const columns: PairColumns = {
    policyChosenLogps: logs(policy, "chosen"),
    policyRejectedLogps: logs(policy, "rejected"),
    referenceChosenLogps: logs(reference, "chosen"),
    referenceRejectedLogps: logs(reference, "rejected"),
    chosenLengths: pairs.map(() => 1),
    rejectedLengths: pairs.map(() => 1),
  };
  return evaluatePairs(objective, columns);
}

/** Mean loss of the population. */
export function meanLoss(pairs: readonly LabelledPair[], { losses }: PairNumbers): number {
  return total(pairs.map(({ weight }, i) => weight * (losses[i] as number)));
}

/** Gradient of the mean loss by the scores whose softmax the policy is, summed in float64. */
export function scoreGradient(
  pairs: readonly LabelledPair[],
  { gradChosen, gradRejected }: PairNumbers,
  policy: Policy,
): number[] {
  const byLogp = policy.map(() => 0);
  pairs.forEach(({ chosen, rejected, weight }, i) => {
    byLogp[chosen] = (byLogp[chosen] as number) + weight * (gradChosen[i] as number);
    byLogp[rejected] = (byLogp[rejected] as number) + weight * (gradRejected[i] as number);
  });
  // d log p_k / d score_j = [j = k] - p_j
  const sum = total(byLogp);
  return byLogp.map((g, k) => g - sum * (policy[k] as number));
}

/** The solution of `matrix x = right` by elimination; the matrix is positive definite. */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  const at = (i: number, j: number) => rows[i]?.[j] as number;
  const size = rows.length;
  for (let k = 0; k < size; k++) {
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = at(i, k) / at(k, k);
      rows[i] = (rows[i] as number[]).map((x, j) => x - factor * at(k, j));
    }
  }
  return rows.map((_, k) => at(k, size) / at(k, k));
}
