/** Folders of LoRA adapters as Python's PEFT writes and reads them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseJsonObject } from "../checkpoint/json.ts";
import type { ModelConfig } from "../config.ts";
import { type LoraAdapter, loraNames, makeAdapter } from "../lora/adapter.ts";
import {
  fromPeftA,
  fromPeftB,
  fromPeftConfig,
  peftNames,
  toPeftA,
  toPeftB,
  toPeftConfig,
} from "../lora/peft.ts";
import { loraTargets } from "../lora/targets.ts";
import { writeTextAtomically } from "./atomic-file.ts";
import { readSmallFile } from "./file-bytes.ts";
import { readArrays, writeArrays } from "./named-arrays.ts";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";

/**
 * Writes an adapter.
 * @param baseModel name or path of the model that it adapts, for PEFT to find it
 */
export async function saveAdapter(
  folder: string,
  model: ModelConfig,
  { config, targets, variables }: LoraAdapter,
  baseModel: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { rank } = config;
  const valuesOf = async (name: string) =>
    variables[name]?.data<"float32">() as Promise<Float32Array>;
  const arrays = targets.flatMap((target) => {
    const [here, there] = [loraNames(target), peftNames(target)];
    return [
      {
        name: there.a,
        shape: [rank, target.inputs],
        values: async () => toPeftA(target, rank, await valuesOf(here.a)),
      },
      {
        name: there.b,
        shape: [target.outputs, rank],
        values: async () => toPeftB(target, rank, await valuesOf(here.b)),
      },
    ];
  });
  await writeArrays(join(folder, WEIGHTS), arrays);
  const json = JSON.stringify(toPeftConfig(model, config, baseModel), null, 2);
  await writeTextAtomically(join(folder, CONFIG), `${json}\n`);
}

/**
 * Reads an adapter of a model; the caller disposes its variables.
 * @throws ConfigError for options that are not supported, CheckpointError for files that are damaged
 *   or of another model
 */
export async function loadAdapter(folder: string, model: ModelConfig): Promise<LoraAdapter> {
  const json = parseJsonObject(await readSmallFile(join(folder, CONFIG)), CONFIG);
  const config = fromPeftConfig(json);
  const { rank } = config;
  const shapes: Record<string, readonly number[]> = {};
  for (const target of loraTargets(model, config.targetModules)) {
    const { a, b } = peftNames(target);
    shapes[a] = [rank, target.inputs];
    shapes[b] = [target.outputs, rank];
  }
  const stored = new Map<string, Float32Array>();
  await readArrays(join(folder, WEIGHTS), shapes, (name, values) => stored.set(name, values));
  return makeAdapter(model, config, (target) => {
    const { a, b } = peftNames(target);
    return {
      a: fromPeftA(target, rank, stored.get(a) as Float32Array),
      b: fromPeftB(target, rank, stored.get(b) as Float32Array),
    };
  });
}
