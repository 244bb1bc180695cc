/** What a program that trains prints. ../peers/dpo.py prints the same. */
import type { Measurement } from "../harness/measure.ts";

/** Steps of one program, and numbers that every program must agree on. */
export interface Run extends Measurement {
  /** Log-probabilities of every pair under the starting model: chosen, rejected, chosen, ... */
  readonly reference: readonly number[];
  /** Of the first steps. */
  readonly losses: readonly number[];
}
