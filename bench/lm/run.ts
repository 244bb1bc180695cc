/** What a measuring program prints. ../peers/language_model.py prints the same. */
import process from "node:process";
import type { Measurement } from "../harness/measure.ts";
import type { Disturbance } from "../harness/turns.ts";

/** One run of a job, see ./jobs.ts. */
export interface Run extends Disturbance {
  /** Times by part of the job. */
  readonly parts: Readonly<Record<string, Measurement>>;
  /** Largest resident set, MiB. */
  readonly rssMiB: number;
  /** Numbers that both sides must agree on: losses, log-probabilities or generated ids. */
  readonly check: readonly number[];
}

/** Prints a run and ends the program. */
export function finish(parts: Run["parts"], check: readonly number[]): never {
  const measured = Object.values(parts);
  const foreign = measured.flatMap(({ foreign }) => foreign ?? []);
  const run: Run = {
    parts,
    check,
    foreign: foreign.length > 0 ? Math.max(...foreign) : null,
    rssMiB: Math.max(...measured.map(({ rssMiB }) => rssMiB)),
  };
  process.stdout.write(`${JSON.stringify(run)}\n`);
  process.exit(0);
}
