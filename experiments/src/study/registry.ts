/** All experiments by name. A new one is a folder and a line here. */
import { UsageError } from "../errors.ts";
import type { Experiment } from "./experiment.ts";

/** Experiments by name, imported when they are asked for. */
export type Registry = Readonly<Record<string, () => Promise<Experiment>>>;

/** All experiments. */
export const EXPERIMENTS: Registry = {
  dialogue: async () => (await import("../dialogue/experiment.ts")).DIALOGUE,
  sentiment: async () => (await import("../sentiment/experiment.ts")).SENTIMENT,
  "dialogue-tuning": async () => (await import("../dialogue/experiment.ts")).DIALOGUE_TUNING,
  "sentiment-tuning": async () => (await import("../sentiment/experiment.ts")).SENTIMENT_TUNING,
};

/** @throws UsageError for a name that no experiment has */
export function experimentNamed(name: string, registry: Registry): Promise<Experiment> {
  const load = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (load) return load();
  throw new UsageError(`expected --experiment ${Object.keys(registry).join(" or ")}, got ${name}.`);
}
