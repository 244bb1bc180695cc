/** Settings of `preflab dpo`: those of the trainer, and what they are applied to. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { TruncationOptions } from "@preflab/data";
import { type DpoConfig, readDpoConfig } from "@preflab/dpo";
import type { LoraConfig, OptionReader } from "@preflab/lm";
import { type DataSettings, readDataSettings, readTruncation } from "./data-settings.ts";
import { type ModelSettings, readModelSettings } from "./model-settings.ts";
import { readSampleMeterSettings, type SampleMeterSettings } from "./sample-meter.ts";
import { readSampleSettings, type SampleSettings } from "./samples.ts";

/** Settings of a config file. */
export interface DpoSettings {
  readonly model: ModelSettings;
  /** A model folder, a GGUF file or `ORG/NAME`; null for the model as it is loaded. */
  readonly reference: string | null;
  readonly data: DataSettings;
  readonly truncation: TruncationOptions;
  /** Folder of reference log-probabilities; null keeps none. */
  readonly cache: string | null;
  /** Read once the model's family is known, on which defaults depend. */
  readonly lora: OptionReader | null;
  readonly samples: SampleSettings;
  readonly generation: SampleMeterSettings;
  readonly training: DpoConfig;
}

/** Settings from a reader. @throws ConfigError */
export function readDpoSettings(reader: OptionReader): DpoSettings {
  const training = readDpoConfig(reader);
  return {
    model: readModelSettings(reader),
    reference: reader.string("reference", null),
    data: readDataSettings(reader),
    truncation: readTruncation(reader, training.maxLength),
    // Here alone null is a value of its own.
    cache: reader.value("cache") === null ? null : reader.string("cache", defaultCache()),
    lora: reader.has("lora") ? reader.object("lora") : null,
    samples: readSampleSettings(reader),
    generation: readSampleMeterSettings(reader),
    training,
  };
}

/**
 * The settings as the manifest has them, by the names of the config file.
 * @param lora with its defaults
 */
export function resolvedDpoSettings(
  settings: DpoSettings,
  lora: LoraConfig | null,
): { readonly seed: number } {
  const { training, truncation, ...rest } = settings;
  const { name, options } = training.objective;
  const resolved = {
    ...rest,
    maxPromptLength: truncation.maxPromptLength ?? null,
    truncation: truncation.mode,
    lora,
    ...training,
    objective: { name, ...options },
  };
  return resolved;
}

/** Folder of reference log-probabilities, below the user's cache folder. */
export function defaultCache(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const base = env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(base, "preflab", "reference-logps");
}
