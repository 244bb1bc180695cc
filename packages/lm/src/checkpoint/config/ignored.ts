/**
 * Options of config.json files that do not change what a trained model computes. Everything that
 * is neither here nor read by the parser is an error.
 */
import type { Family } from "../../config.ts";

/** Options of every family. */
const COMMON = [
  // about the file, and where it came from
  "_name_or_path",
  "_commit_hash",
  "_from_model_config",
  "transformers_version",
  "tokenizer_class",
  "unsloth_fixed",
  "unsloth_version",
  // the type of the stored numbers, which the weights say themselves
  "dtype",
  "torch_dtype",
  // how a program runs the model
  "use_cache",
  "return_dict",
  "output_attentions",
  "output_hidden_states",
  "torchscript",
  "gradient_checkpointing",
  "chunk_size_feed_forward",
  "attn_implementation",
  "_attn_implementation_autoset",
  "pretraining_tp",
  // training only: initial weights and dropout
  "initializer_range",
  "attention_dropout",
  "hidden_dropout",
  "classifier_dropout",
  // labels of a classification head: their number is read where there is one, their names never
  "id2label",
  "label2id",
  "num_labels",
  "problem_type",
  "finetuning_task",
  // defaults of text generation, which generation_config.json holds
  "do_sample",
  "early_stopping",
  "length_penalty",
  "max_length",
  "min_length",
  "no_repeat_ngram_size",
  "num_beams",
  "num_return_sequences",
  "repetition_penalty",
  "task_specific_params",
  "temperature",
  "top_k",
  "top_p",
] as const;

/** Options that transformers does not read for GPT-2, or only with a head other than the LM one. */
const GPT2 = [
  "attn_pdrop",
  "embd_pdrop",
  "resid_pdrop",
  "summary_activation",
  "summary_first_dropout",
  "summary_proj_to_labels",
  "summary_type",
  "summary_use_proj",
  // left over from other families; GPT-2 has activation_function, n_inner and the *_pdrop instead
  "hidden_act",
  "intermediate_size",
  "attention_probs_dropout_prob",
  "hidden_dropout_prob",
  "type_vocab_size",
  // where sums are done in half precision; here they never are
  "reorder_and_upcast_attn",
];

const PER_FAMILY: Readonly<Record<Family, readonly string[]>> = {
  gpt2: GPT2,
  // is_decoder concerned the cache; attention is causal either way
  gpt_neox: ["is_decoder"],
  llama: [],
  mistral: [],
  // which layers would have a window, were use_sliding_window true (an error here)
  qwen2: ["max_window_layers", "sliding_window"],
  stablelm: [],
};

/** Names of the options that may be left unread. */
export function ignoredOptions(family: Family): readonly string[] {
  return [...COMMON, ...PER_FAMILY[family]];
}
