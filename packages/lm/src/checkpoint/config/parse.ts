/**
 * From a Hugging Face config.json to a `ModelConfig`. One function per family; an option value
 * that no golden number covers is an error that names it. Defaults are those of transformers.
 */
import type { Activation, Family, ModelConfig, RotaryScaling } from "../../config.ts";
import { CheckpointError } from "../error.ts";
import { describe, isJsonObject } from "../json.ts";
import { ignoredOptions } from "./ignored.ts";
import { OptionReader } from "./reader.ts";
import { type RotaryStyle, readRotary } from "./rope.ts";

/** Classes that a config.json names in `architectures`: of language models, and of classifiers. */
const ARCHITECTURES: Readonly<Record<Family, readonly [string, string]>> = {
  gpt2: ["GPT2LMHeadModel", "GPT2ForSequenceClassification"],
  gpt_neox: ["GPTNeoXForCausalLM", "GPTNeoXForSequenceClassification"],
  llama: ["LlamaForCausalLM", "LlamaForSequenceClassification"],
  mistral: ["MistralForCausalLM", "MistralForSequenceClassification"],
  qwen2: ["Qwen2ForCausalLM", "Qwen2ForSequenceClassification"],
  stablelm: ["StableLmForCausalLM", "StableLmForSequenceClassification"],
};

/** Labels of a classifier whose config.json names none. */
const DEFAULT_LABELS = 2;

const PARSERS: Readonly<Record<Family, (options: OptionReader) => ModelConfig>> = {
  gpt2: parseGpt2,
  gpt_neox: parseGptNeox,
  llama: parseLlama,
  mistral: parseMistral,
  qwen2: parseQwen2,
  stablelm: parseStableLm,
};

/** The class that transformers uses for a model, as written in `architectures`. */
export function architectureOf({ family, labels }: ModelConfig): string {
  return ARCHITECTURES[family][labels === undefined ? 0 : 1];
}

/**
 * Reads a config.json, in the style of transformers 4 (flat options) or 5 (`rope_parameters`).
 *
 * @param json the parsed file.
 * @throws CheckpointError naming the model_type, option or value that is not supported.
 */
export function parseConfig(json: unknown): ModelConfig {
  if (!isJsonObject(json)) {
    throw new CheckpointError(`config.json: expected an object, got ${describe(json)}.`);
  }
  const options = new OptionReader(json, "config.json");
  const family = readFamily(options);
  const isClassifier = readIsClassifier(options, family);
  options.ignore(ignoredOptions(family));
  options.require("is_encoder_decoder", false);
  options.require("add_cross_attention", false);
  const config = PARSERS[family](options);
  const labels = isClassifier ? { labels: readLabels(options) } : {};
  options.finish();
  return checkHeads({ ...config, ...labels });
}

function readFamily(options: OptionReader): Family {
  const type = options.raw("model_type");
  const family = Object.keys(ARCHITECTURES).find((name): name is Family => name === type);
  if (family === undefined) {
    throw new CheckpointError(
      `config.json: expected model_type ${Object.keys(ARCHITECTURES).join(", ")}, ` +
        `got ${describe(type)}. Other families are not supported.`,
    );
  }
  return family;
}

function readIsClassifier(options: OptionReader, family: Family): boolean {
  const [languageModel, classifier] = ARCHITECTURES[family];
  const classes = options.raw("architectures") ?? [languageModel];
  const name: unknown = Array.isArray(classes) && classes.length === 1 ? classes[0] : null;
  if (name === languageModel || name === classifier) return name === classifier;
  throw new CheckpointError(
    `config.json: expected architectures ["${languageModel}"] or ["${classifier}"], got ` +
      `${describe(classes)}. Other models are not supported.`,
  );
}

function readLabels(options: OptionReader): number {
  const names = options.object("id2label");
  return options.size("num_labels", names ? Object.keys(names).length : DEFAULT_LABELS);
}

function checkHeads(config: ModelConfig): ModelConfig {
  const { heads, kvHeads, headWidth } = config;
  if (heads % kvHeads === 0 && Number.isInteger(headWidth)) return config;
  throw new CheckpointError(
    "config.json: expected heads that divide the hidden size and key-value heads that divide " +
      `the heads, got heads ${heads}, key-value heads ${kvHeads}, head width ${headWidth}.`,
  );
}

/** What no family without the option has. */
const PLAIN = {
  residual: "sequential",
  sharedNorm: false,
  slidingWindow: null,
  qkNorm: false,
  scores: { scaleByInverseLayer: false },
} as const;

function specialIds(options: OptionReader): ModelConfig["specialIds"] {
  return {
    bos: options.tokenId("bos_token_id"),
    eos: options.tokenIds("eos_token_id"),
    pad: options.tokenId("pad_token_id"),
  };
}

function parseGpt2(options: OptionReader): ModelConfig {
  const width = options.size("n_embd");
  const heads = options.size("n_head");
  const maxPositions = options.size("n_positions");
  options.require("n_ctx", maxPositions);
  options.require("scale_attn_weights", true);
  options.require("tie_word_embeddings", true);
  const activations: Record<string, Activation> = {
    gelu_new: "gelu_tanh",
    gelu_pytorch_tanh: "gelu_tanh",
    gelu: "gelu",
  };
  return {
    ...PLAIN,
    family: "gpt2",
    vocabSize: options.size("vocab_size"),
    width,
    layers: options.size("n_layer"),
    heads,
    kvHeads: heads,
    headWidth: width / heads,
    mlpWidth: options.size("n_inner", 4 * width),
    maxPositions,
    norm: { kind: "layer", eps: options.positive("layer_norm_epsilon", 1e-5) },
    mlp: {
      kind: "plain",
      activation: options.choice("activation_function", activations, "gelu_new"),
    },
    position: { kind: "learned" },
    biases: { qkv: true, attentionOut: true, mlp: true },
    tiedEmbeddings: true,
    scores: { scaleByInverseLayer: options.flag("scale_attn_by_inverse_layer_idx", false) },
    specialIds: specialIds(options),
  };
}

/** The sizes that all families but GPT-2 name alike, and a head of `width / heads`. */
function sizes(options: OptionReader) {
  const width = options.size("hidden_size");
  const heads = options.size("num_attention_heads");
  return {
    vocabSize: options.size("vocab_size"),
    width,
    layers: options.size("num_hidden_layers"),
    heads,
    headWidth: width / heads,
    mlpWidth: options.size("intermediate_size"),
    maxPositions: options.size("max_position_embeddings"),
  };
}

function parseGptNeox(options: OptionReader): ModelConfig {
  const common = sizes(options);
  options.require("tie_word_embeddings", false);
  options.require("attention_bias", true);
  const rotary: RotaryStyle = {
    baseKeys: ["rotary_emb_base", "rope_theta"],
    fraction: { keys: ["rotary_pct", "partial_rotary_factor"], fallback: 0.25 },
    scalings: [],
  };
  return {
    ...PLAIN,
    family: "gpt_neox",
    ...common,
    kvHeads: common.heads,
    norm: { kind: "layer", eps: options.positive("layer_norm_eps", 1e-5) },
    residual: options.flag("use_parallel_residual", true) ? "parallel" : "sequential",
    mlp: { kind: "plain", activation: options.choice("hidden_act", { gelu: "gelu" }, "gelu") },
    position: readRotary(options, rotary, common.headWidth),
    biases: { qkv: true, attentionOut: true, mlp: true },
    tiedEmbeddings: false,
    specialIds: specialIds(options),
  };
}

/** What Llama, Mistral and Qwen2 have in common: RMS norms, a gated SiLU MLP, grouped heads. */
function parseLlamaLike(
  options: OptionReader,
  kvHeads: number,
  scalings: readonly RotaryScaling["kind"][] = [],
): Omit<ModelConfig, "family" | "biases" | "tiedEmbeddings"> {
  const common = sizes(options);
  const headWidth = options.size("head_dim", common.headWidth);
  return {
    ...PLAIN,
    ...common,
    headWidth,
    kvHeads,
    norm: { kind: "rms", eps: options.positive("rms_norm_eps", 1e-6) },
    mlp: { kind: "gated", activation: options.choice("hidden_act", { silu: "silu" }, "silu") },
    position: readRotary(
      options,
      { baseKeys: ["rope_theta"], fraction: null, scalings },
      headWidth,
    ),
    specialIds: specialIds(options),
  };
}

function parseLlama(options: OptionReader): ModelConfig {
  options.require("mlp_bias", false);
  // Two options of SmolLM, which say that it is a Llama.
  options.require("rope_interleaved", false);
  options.require("is_llama_config", true);
  const attention = options.flag("attention_bias", false);
  const kvHeads = options.size("num_key_value_heads", options.size("num_attention_heads"));
  return {
    family: "llama",
    ...parseLlamaLike(options, kvHeads, ["linear", "llama3"]),
    biases: { qkv: attention, attentionOut: attention, mlp: false },
    tiedEmbeddings: options.flag("tie_word_embeddings", false),
  };
}

function parseMistral(options: OptionReader): ModelConfig {
  options.require("tie_word_embeddings", false);
  // Missing means 4096 to transformers, null means none.
  const unlimited = options.has("sliding_window") && options.raw("sliding_window") === undefined;
  return {
    family: "mistral",
    ...parseLlamaLike(options, options.size("num_key_value_heads")),
    slidingWindow: unlimited ? null : options.size("sliding_window", 4096),
    biases: { qkv: false, attentionOut: false, mlp: false },
    tiedEmbeddings: false,
  };
}

function parseQwen2(options: OptionReader): ModelConfig {
  options.require("use_sliding_window", false);
  options.require("use_mrope", false);
  const common = parseLlamaLike(options, options.size("num_key_value_heads"));
  const kinds = options.raw("layer_types");
  const full = Array.isArray(kinds) && kinds.every((kind) => kind === "full_attention");
  if (kinds !== undefined && !(full && kinds.length === common.layers)) {
    throw new CheckpointError(
      `config.json: expected layer_types of ${common.layers} "full_attention", got ` +
        `${describe(kinds)}. No other value is supported.`,
    );
  }
  return {
    family: "qwen2",
    ...common,
    biases: { qkv: true, attentionOut: false, mlp: false },
    tiedEmbeddings: options.flag("tie_word_embeddings", false),
  };
}

function parseStableLm(options: OptionReader): ModelConfig {
  const common = sizes(options);
  options.require("tie_word_embeddings", false);
  const parallel = options.flag("use_parallel_residual", false);
  const rotary: RotaryStyle = {
    baseKeys: ["rope_theta"],
    fraction: { keys: ["partial_rotary_factor"], fallback: 0.25 },
    scalings: [],
  };
  return {
    ...PLAIN,
    family: "stablelm",
    ...common,
    kvHeads: options.size("num_key_value_heads"),
    norm: { kind: "layer", eps: options.positive("layer_norm_eps", 1e-5) },
    residual: parallel ? "parallel" : "sequential",
    sharedNorm: parallel,
    mlp: { kind: "gated", activation: options.choice("hidden_act", { silu: "silu" }, "silu") },
    position: readRotary(options, rotary, common.headWidth),
    biases: {
      qkv: options.flag("use_qkv_bias", false),
      attentionOut: false,
      mlp: false,
    },
    qkNorm: options.flag("qk_layernorm", false),
    tiedEmbeddings: false,
    specialIds: specialIds(options),
  };
}
