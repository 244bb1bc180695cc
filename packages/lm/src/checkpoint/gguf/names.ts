/** What GGUF files call the tensors of Llama and StableLM, and how they lay them out. */
import type { ModelConfig } from "../../config.ts";
import { rejectNames } from "../hub-names.ts";
import { type ParameterLayout, rotaryPairs } from "../layout.ts";
import { type Naming, parameterLayouts } from "../names.ts";

/** Factors of the rotary frequencies, which become part of the config. */
export const FREQUENCY_FACTORS = "rope_freqs.weight";

const STABLELM: Naming = {
  embedding: "token_embd",
  blocks: "blk.",
  norm1: "attn_norm",
  qkv: ["attn_q", "attn_k", "attn_v"],
  headNorms: { names: ["attn_q_norm", "attn_k_norm"], perHead: false },
  attentionOut: "attn_output",
  norm2: "ffn_norm",
  mlpUp: ["ffn_gate", "ffn_up"],
  mlpDown: "ffn_down",
  norm: "output_norm",
  head: "output",
};

/** Llama rotates neighbouring elements in llama.cpp: queries and keys are stored for that. */
const LLAMA: Naming = {
  ...STABLELM,
  qkvOrder: ({ headWidth }, index) => (index < 2 ? rotaryPairs(headWidth) : null),
};

/**
 * Every parameter of a model and the tensors of a GGUF file that hold it.
 *
 * @param names of all tensors of the file.
 * @throws CheckpointError listing the tensors that are missing, or those that are of no use.
 */
export function ggufLayouts(config: ModelConfig, names: readonly string[]): ParameterLayout[] {
  const layouts = parameterLayouts(config, config.family === "llama" ? LLAMA : STABLELM);
  const unused = new Set(names);
  const missing = layouts
    .flatMap(({ pieces }) => pieces)
    .map(({ name }) => name)
    .filter((name) => !unused.delete(name));
  unused.delete(FREQUENCY_FACTORS);
  rejectNames(missing, [...unused]);
  return layouts;
}
