/** Settings of preference training on the policy's own samples. */

import { OptionReader } from "@preflab/lm";
import type { ConfiguredPair } from "../objectives/objective.ts";
import { type AnyObjective, OBJECTIVES } from "../objectives/registry.ts";
import { type DpoConfig, readDpoConfig } from "./config.ts";

/** Settings of a run, which has no epochs: its data is made as it goes. */
export interface OnlineDpoConfig extends DpoConfig {
  readonly maxSteps: number;
  readonly objective: ConfiguredPair;
}

/** Settings from an untrusted object. @throws ConfigError for unknown keys and bad values */
export function parseOnlineDpoConfig(
  raw: unknown,
  objectives: readonly AnyObjective[] = OBJECTIVES,
): OnlineDpoConfig {
  const reader = new OptionReader("onlineDpo", raw);
  const config = readOnlineDpoConfig(reader, objectives);
  reader.finish();
  return config;
}

/**
 * Settings from a reader whose other keys the caller reads: those of `readDpoConfig`, with a live
 * reference, an objective on pairs and a length in steps.
 * @throws ConfigError
 */
export function readOnlineDpoConfig(
  reader: OptionReader,
  objectives: readonly AnyObjective[] = OBJECTIVES,
): OnlineDpoConfig {
  const config = readDpoConfig(reader, objectives, { referenceLogps: "live" });
  const { maxSteps, objective, referenceLogps } = config;
  if (maxSteps === null) {
    throw reader.error(
      "epochs",
      "expected maxSteps, got epochs: there is no data beforehand to pass over.",
    );
  }
  if (referenceLogps !== "live") {
    throw reader.error(
      "referenceLogps",
      `expected live, got ${referenceLogps}: there is no data beforehand to compute it for.`,
    );
  }
  if (objective.kind !== "pair") {
    throw reader.error(
      "objective",
      `expected an objective on pairs, got ${objective.name}, which takes ${objective.kind} ` +
        "responses.",
    );
  }
  return { ...config, maxSteps, objective };
}
