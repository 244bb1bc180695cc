/** All experiments by name. A new one is a folder and a line here. */
import { UsageError } from "../errors.ts";
import type { Experiment } from "./experiment.ts";

const EXPERIMENTS: Readonly<Record<string, () => Promise<Experiment>>> = {
  sentiment: async () => (await import("../sentiment/experiment.ts")).SENTIMENT,
};

/** Names of all experiments. */
export const EXPERIMENT_NAMES: readonly string[] = Object.keys(EXPERIMENTS);

/** @throws UsageError for a name that no experiment has */
export function experimentNamed(name: string): Promise<Experiment> {
  const load = EXPERIMENTS[name];
  if (load) return load();
  throw new UsageError(`expected --experiment ${EXPERIMENT_NAMES.join(", ")}, got ${name}.`);
}
