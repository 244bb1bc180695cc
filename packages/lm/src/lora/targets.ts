/** Which columns of which parameters an adapter changes. */

import type { Piece } from "../checkpoint/layout.ts";
import { huggingFaceLayouts } from "../checkpoint/names.ts";
import type { ModelConfig } from "../config.ts";
import { ConfigError } from "../train/options.ts";

/** One matrix of a checkpoint that is adapted. */
export interface LoraTarget {
  /** Name of the matrix in a checkpoint, such as `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  /** The parameter that holds it, such as `blocks.0.qkv.weight`. */
  readonly parameter: string;
  readonly inputs: number;
  readonly outputs: number;
  /** First column of the parameter that is the matrix's. */
  readonly at: number;
  /** Columns of the parameter. */
  readonly columns: number;
  /** Column, counted from `at`, of each output of the checkpoint's matrix; null: in order. */
  readonly order: Piece["order"];
}

/**
 * The matrices that `names` means, in the order of the forward pass. A name means all matrices whose
 * name it is, or ends with it after a dot, as in PEFT.
 * @throws ConfigError for a name that means nothing, listing those that do
 */
export function loraTargets(config: ModelConfig, names: readonly string[]): LoraTarget[] {
  const all = adaptable(config);
  const fits = (module: string, name: string) => module === name || module.endsWith(`.${name}`);
  const unknown = names.find((name) => !all.some(({ module }) => fits(module, name)));
  if (unknown !== undefined) {
    const known = new Set(all.map(({ module }) => module.split(".").at(-1)));
    throw new ConfigError(
      `lora: expected targetModules of ${[...known].join(", ")}, got ${unknown}.`,
    );
  }
  return all.filter(({ module }) => names.some((name) => fits(module, name)));
}

/** All matrices of the blocks. */
function adaptable(config: ModelConfig): LoraTarget[] {
  return huggingFaceLayouts(config).flatMap(({ name, shape, pieces }) => {
    const [inputs = 0, columns = 0] = shape;
    if (!name.startsWith("blocks.") || !name.endsWith(".weight")) return [];
    return pieces.map(({ name: stored, shape, at, order }) => ({
      module: stored.slice(0, -".weight".length),
      parameter: name,
      inputs,
      outputs: ((shape[0] as number) * (shape[1] as number)) / inputs,
      at,
      columns,
      order,
    }));
  });
}
