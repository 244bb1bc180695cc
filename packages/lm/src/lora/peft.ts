/**
 * The file format of PEFT: adapter_config.json, and the tensors of adapter_model.safetensors as
 * plain arrays. Files are read and written in ../io.
 */

import type { JsonObject } from "../checkpoint/json.ts";
import type { ModelConfig } from "../config.ts";
import { ConfigError } from "../train/options.ts";
import type { LoraConfig } from "./config.ts";
import type { LoraTarget } from "./targets.ts";

/** Options of adapter_config.json that do not change what the adapter computes. */
const HARMLESS: ReadonlySet<string> = new Set([
  "auto_mapping",
  "base_model_name_or_path",
  "fan_in_fan_out",
  "inference_mode",
  "init_lora_weights",
  "lora_dropout",
  "megatron_core",
  "peft_version",
  "qalora_group_size",
  "revision",
  "task_type",
]);

/** Options that {@link fromPeftConfig} reads. */
const READ: ReadonlySet<string> = new Set(["peft_type", "r", "lora_alpha", "target_modules"]);

/** Values that switch an option off. */
const OFF: ReadonlySet<string> = new Set(["null", "false", "0", "[]", "{}", '"none"', '""']);

/** The adapter_config.json of an adapter. @param baseModel name or path, for PEFT to find it */
export function toPeftConfig(
  { family }: ModelConfig,
  { rank, alpha, targetModules }: LoraConfig,
  baseModel: string,
): Record<string, unknown> {
  return {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: baseModel,
    r: rank,
    lora_alpha: alpha,
    target_modules: targetModules,
    lora_dropout: 0,
    bias: "none",
    // GPT-2's matrices are [in, out].
    fan_in_fan_out: family === "gpt2",
    init_lora_weights: true,
    inference_mode: true,
  };
}

/**
 * Settings of an adapter_config.json.
 * @throws ConfigError naming an option that is not supported
 */
export function fromPeftConfig(json: JsonObject): LoraConfig {
  const { peft_type: type, r: rank, lora_alpha: alpha, target_modules: targets } = json;
  for (const [name, value] of Object.entries(json)) {
    if (HARMLESS.has(name) || READ.has(name) || OFF.has(JSON.stringify(value))) continue;
    throw new ConfigError(
      `adapter_config.json: expected options that are supported, got ${name} = ` +
        `${JSON.stringify(value)}. Merge the adapter in PEFT and load the merged model.`,
    );
  }
  const isList = Array.isArray(targets) && targets.every((name) => typeof name === "string");
  if (
    type === "LORA" &&
    typeof rank === "number" &&
    Number.isSafeInteger(rank) &&
    rank > 0 &&
    typeof alpha === "number" &&
    Number.isFinite(alpha) &&
    isList
  ) {
    return { rank, alpha, targetModules: [...targets].sort() };
  }
  throw new ConfigError(
    "adapter_config.json: expected peft_type LORA with a positive integer r, a number lora_alpha " +
      `and a list target_modules, got ${JSON.stringify([type, rank, alpha, targets])}.`,
  );
}

/** Names of a target's tensors in adapter_model.safetensors: `a` [rank, inputs], `b` [outputs, rank]. */
export function peftNames({ module }: LoraTarget): { readonly a: string; readonly b: string } {
  const prefix = `base_model.model.${module}`;
  return { a: `${prefix}.lora_A.weight`, b: `${prefix}.lora_B.weight` };
}

/** `A` [inputs, rank] as PEFT stores it, [rank, inputs]. */
export function toPeftA({ inputs }: LoraTarget, rank: number, a: Float32Array): Float32Array {
  return transposed(a, inputs, rank);
}

/** `A` as it is here. */
export function fromPeftA({ inputs }: LoraTarget, rank: number, a: Float32Array): Float32Array {
  return transposed(a, rank, inputs);
}

/** `B` [rank, outputs] as PEFT stores it: [outputs, rank], outputs as the checkpoint has them. */
export function toPeftB(target: LoraTarget, rank: number, b: Float32Array): Float32Array {
  const stored = new Float32Array(b.length);
  eachOfB(target, rank, (here, there) => {
    stored[there] = b[here] as number;
  });
  return stored;
}

/** `B` as it is here. */
export function fromPeftB(target: LoraTarget, rank: number, stored: Float32Array): Float32Array {
  const b = new Float32Array(stored.length);
  eachOfB(target, rank, (here, there) => {
    b[here] = stored[there] as number;
  });
  return b;
}

/** Calls `visit` with the place of each element of B here and in a file. */
function eachOfB(
  { outputs, order }: LoraTarget,
  rank: number,
  visit: (here: number, there: number) => void,
): void {
  for (let output = 0; output < outputs; output++) {
    const column = order?.(output) ?? output;
    for (let r = 0; r < rank; r++) visit(r * outputs + column, output * rank + r);
  }
}

function transposed(x: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(x.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = x[row * columns + column] as number;
    }
  }
  return result;
}
