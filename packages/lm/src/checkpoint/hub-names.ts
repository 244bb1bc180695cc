/**
 * The styles in which checkpoints of one family name their tensors: with or without the name of
 * the base model in front, with buffers that are no weights, with a copy of tied embeddings.
 */
import type { Family, ModelConfig } from "../config.ts";
import { CheckpointError, listNames } from "./error.ts";
import type { ParameterLayout } from "./layout.ts";

/** Attribute of the base model in a causal language model, missing in files of the base model. */
const PREFIXES: Readonly<Record<Family, string>> = {
  gpt2: "transformer.",
  gpt_neox: "gpt_neox.",
  llama: "model.",
  mistral: "model.",
  qwen2: "model.",
  stablelm: "model.",
};

/** Frequencies of rotary positions, which follow from the config. */
const FREQUENCIES = /^layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/;

/** Buffers that older versions of transformers stored: masks and frequencies. Without prefix. */
const BUFFERS: Readonly<Record<Family, RegExp>> = {
  gpt2: /^h\.\d+\.attn\.(bias|masked_bias)$/,
  gpt_neox: /^layers\.\d+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/,
  llama: FREQUENCIES,
  mistral: FREQUENCIES,
  qwen2: FREQUENCIES,
  stablelm: FREQUENCIES,
};

/** Two names of one tensor. */
const ALIASES: Readonly<Record<string, string>> = { "embed_out.weight": "lm_head.weight" };

/** Where the tensors of a model are in a file. */
export interface NameMatch {
  /** Name in the file of each tensor that the layouts ask for. */
  readonly stored: ReadonlyMap<string, string>;
  /** Name in the file of an output head that has to equal the tied embedding. */
  readonly tiedHead: string | null;
}

/**
 * Finds the tensors that `layouts` asks for, and accounts for all others.
 *
 * @param names of all tensors of the file.
 * @throws CheckpointError listing the tensors that are missing, or those that are of no use.
 */
export function matchNames(
  { family, tiedEmbeddings }: ModelConfig,
  layouts: readonly ParameterLayout[],
  names: readonly string[],
): NameMatch {
  const unused = new Set(names);
  const prefix = PREFIXES[family];
  const prefixed = names.some((name) => name.startsWith(prefix));
  const stored = new Map<string, string>();
  const missing: string[] = [];
  for (const { name } of layouts.flatMap(({ pieces }) => pieces)) {
    const styled = prefixed || !name.startsWith(prefix) ? name : name.slice(prefix.length);
    const found = [styled, ALIASES[name]].find((candidate) => candidate && unused.has(candidate));
    if (found === undefined) missing.push(styled);
    else {
      stored.set(name, found);
      unused.delete(found);
    }
  }
  const tiedHead = tiedEmbeddings && unused.delete("lm_head.weight") ? "lm_head.weight" : null;
  const surplus = [...unused].filter((name) => {
    const base = prefixed && name.startsWith(prefix) ? name.slice(prefix.length) : name;
    return !BUFFERS[family].test(base);
  });
  rejectNames(missing, surplus);
  return { stored, tiedHead };
}

/**
 * Ends the search for tensors.
 *
 * @throws CheckpointError when tensors are missing, else when others are left over.
 */
export function rejectNames(missing: readonly string[], surplus: readonly string[]): void {
  const problem =
    missing.length > 0
      ? `expected tensors ${listNames(missing)}, got none of these names`
      : `expected the tensors of the config only, got also ${listNames(surplus)}`;
  if (missing.length + surplus.length === 0) return;
  throw new CheckpointError(
    `checkpoint: ${problem}. Check that the configuration and the weights are of one model.`,
  );
}
