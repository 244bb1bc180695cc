/** Settings of LoRA adapters. Hu et al. 2021 (arXiv:2106.09685). */

import type { Family } from "../config.ts";
import { OptionReader } from "../train/options.ts";

/** An adapter adds `alpha / rank * A B` to every matrix that it adapts. */
export interface LoraConfig {
  /** r, width of the bottleneck. */
  readonly rank: number;
  readonly alpha: number;
  /**
   * Names of the adapted matrices, as PEFT has them: the last parts of their names in a Hugging
   * Face checkpoint, such as `q_proj` or `mlp.c_proj`.
   */
  readonly targetModules: readonly string[];
}

/** PEFT's default targets of each family. */
const DEFAULT_TARGETS: Readonly<Record<Family, readonly string[]>> = {
  gpt2: ["c_attn"],
  gpt_neox: ["query_key_value"],
  llama: ["q_proj", "v_proj"],
  mistral: ["q_proj", "v_proj"],
  qwen2: ["q_proj", "v_proj"],
  stablelm: ["q_proj", "v_proj"],
};

/** PEFT's default rank, and default alpha. */
const DEFAULT_RANK = 8;

/** Settings from an untrusted object: `rank`, `alpha`, `targetModules`. @throws ConfigError */
export function parseLoraConfig(raw: unknown, family: Family): LoraConfig {
  return readLoraConfig(new OptionReader("lora", raw), family);
}

/** Settings from a reader of nothing else. @throws ConfigError */
export function readLoraConfig(reader: OptionReader, family: Family): LoraConfig {
  const config = {
    rank: reader.integer("rank", DEFAULT_RANK, 1),
    alpha: reader.number("alpha", DEFAULT_RANK, 0, Number.MAX_VALUE),
    targetModules: reader.strings("targetModules", DEFAULT_TARGETS[family]),
  };
  reader.finish();
  if (config.targetModules.length > 0) return config;
  throw reader.wrong("targetModules", "names of at least one matrix");
}
