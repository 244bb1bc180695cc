/** The golden update of ../fixtures/ppo. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadModel, type Params, parseConfig } from "@preflab/lm";
import { type GoldenTensor, parseSafetensors } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { type PpoConfig, parsePpoConfig } from "../../src/ppo/config.ts";
import type { Rollout } from "../../src/rollouts/rollouts.ts";
import { golden, goldenArray, goldenPath, goldenRows } from "../golden.ts";

/** Folder of the model that the policy began as, and that is the reference. */
export const REFERENCE: string = fileURLToPath(
  new URL("../../../lm/test/fixtures/models/gpt2-tied", import.meta.url),
);

/** Tokens of every response. */
const RESPONSE_LENGTHS: readonly number[] = Array.from(
  goldenArray("update.response_lengths").values,
);

/** The steps of the update. */
export const STEPS: typeof golden.update.steps = golden.update.steps;

/** The update's settings, in ours. */
export const SETTINGS: PpoConfig = parsePpoConfig({
  preset: "trl-classic",
  maxSteps: 1,
  maxLength: 64,
  optimizer: { name: "adamw", lr: 5e-4, eps: 1e-5, maxGradNorm: 0.5 },
  rollout: { completions: 8, maxNewTokens: 10 },
  kl: { initial: 0.1, target: "none" },
  update: { epochs: 2, minibatches: 2, valueWeight: 0.5, entropyWeight: 0.01 },
});

/** Numbers per response token. */
export function responseRows(name: string): Float64Array[] {
  return goldenRows(`update.${name}`, RESPONSE_LENGTHS);
}

/** The rollouts, without the padding on their left and right. */
export function goldenRollouts(): Rollout[] {
  const { values: ids, shape } = goldenArray("update.input_ids");
  const mask = goldenArray("update.attention_mask").values;
  const width = shape[1] as number;
  const query = width - 10;
  return RESPONSE_LENGTHS.map((length, row) => {
    const text = Array.from(ids.subarray(row * width, (row + 1) * width));
    const isReal = Array.from(mask.subarray(row * width, (row + 1) * width));
    return {
      promptIds: text.slice(0, query).filter((_, t) => isReal[t] === 1),
      completionIds: text.slice(query, query + length),
    };
  });
}

/** Weights of the policy by our names, before or after the update, and the value head's. */
export async function weightsOf(file: "init" | "final"): Promise<{
  readonly named: Map<string, GoldenTensor>;
  readonly params: Params;
}> {
  const named = parseSafetensors(readFileSync(goldenPath(`update.${file}.safetensors`)));
  const { params } = await loadModel(REFERENCE);
  tf.dispose(Object.values(params));
  const config = parseConfig(JSON.parse(readFileSync(`${REFERENCE}/config.json`, "utf8")));
  const entries = Object.entries(params).map(([name, { shape }]) => {
    const source = named.get(storedName(name, config.layers));
    if (!source) throw new Error(`golden update: expected a tensor for ${name}, got none.`);
    return [name, tf.tensor(source.values, shape)] as const;
  });
  return { named, params: Object.fromEntries(entries) };
}

const STORED: Readonly<Record<string, string>> = {
  embedding: "transformer.wte.weight",
  positions: "transformer.wpe.weight",
  "norm.gain": "transformer.ln_f.weight",
  "norm.bias": "transformer.ln_f.bias",
  "value.weight": "v_head.weight",
  "value.bias": "v_head.bias",
};

const STORED_IN_BLOCK: Readonly<Record<string, string>> = {
  norm1: "ln_1",
  norm2: "ln_2",
  qkv: "attn.c_attn",
  attentionOut: "attn.c_proj",
  "mlp.up": "mlp.c_fc",
  "mlp.down": "mlp.c_proj",
};

/** What GPT-2's checkpoints call a parameter, whose matrices they store as we do. */
export function storedName(name: string, layers: number): string {
  const [, block, part, kind] = /^blocks\.(\d+)\.(.+)\.(\w+)$/.exec(name) ?? [];
  if (block === undefined) return STORED[name] ?? name;
  if (Number(block) >= layers) throw new Error(`golden update: got block ${block}.`);
  const suffix = kind === "bias" ? "bias" : "weight";
  return `transformer.h.${block}.${STORED_IN_BLOCK[part as string]}.${suffix}`;
}
