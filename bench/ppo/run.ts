/** What a program that trains prints. ../peers/ppo.py prints the same. */
import type { Measurement } from "../harness/measure.ts";

/** Parts of a step: sampling, rewards, policy and values and reference before updates, updates. */
export const PHASES = ["rollout", "score", "measure", "update"] as const;

/** One of {@link PHASES}. */
export type Phase = (typeof PHASES)[number];

/** Steps of one program, and numbers that every program must agree on. */
export interface Run extends Measurement {
  /** Medians, ms. */
  readonly phases: Readonly<Record<Phase, number>>;
  /** Tokens of a completion, mean of all measured steps. */
  readonly meanLength: number;
  /**
   * Of given texts: sums of squares of scores, log-probabilities and the reference's, then loss and
   * gradient norm of each of the first updates on them.
   */
  readonly check: readonly number[];
}
