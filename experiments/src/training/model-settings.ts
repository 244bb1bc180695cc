/** Settings of the model to train: which one it is, and whether adapters are trained in its place. */
import {
  ConfigError,
  type LoraConfig,
  loraTargets,
  type ModelConfig,
  type OptionReader,
  parseConfig,
  readLoraConfig,
} from "@preflab/lm";

/** Where a model comes from. */
export type ModelSettings =
  /** A model folder, a GGUF file or `ORG/NAME` of a downloaded model. */
  | string
  /** A fresh one. */
  | {
      /** A Hugging Face config.json. */
      readonly config: Readonly<Record<string, unknown>>;
      readonly init: "random";
      /** Folder with a tokenizer; null for rows of ids. */
      readonly tokenizer: string | null;
    };

/** Reads `model`. @throws ConfigError */
export function readModelSettings(reader: OptionReader): ModelSettings {
  const value = reader.value("model");
  if (typeof value === "string" && value !== "") return value;
  if (typeof value !== "object" || value === null) {
    throw reader.wrong("model", "a model folder or {config: {...}, init: random}");
  }
  const own = reader.object("model");
  const config = own.value("config");
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw own.wrong("config", "the settings of a Hugging Face config.json");
  }
  const settings = {
    config: config as Readonly<Record<string, unknown>>,
    init: own.choice("init", "random", ["random"] as const),
    tokenizer: own.string("tokenizer", null),
  };
  own.finish();
  freshConfig(settings);
  return settings;
}

/** Architecture of a fresh model. @throws ConfigError when it is none that is supported */
export function freshConfig(settings: Exclude<ModelSettings, string>): ModelConfig {
  try {
    return parseConfig(settings.config);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`model.config: ${reason}`, ["model", "config"]);
  }
}

/** Settings of adapters for a model. @throws ConfigError, also for targets that the model lacks */
export function readLora(reader: OptionReader, config: ModelConfig): LoraConfig {
  const lora = readLoraConfig(reader, config.family);
  loraTargets(config, lora.targetModules);
  return lora;
}
