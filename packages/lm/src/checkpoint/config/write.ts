/**
 * From a `ModelConfig` to a Hugging Face config.json. Flat options, which transformers 4 and 5
 * both read; every option that the parser reads is written, also where it has its default.
 */
import type { ModelConfig, RotaryScaling } from "../../config.ts";
import { architectureOf } from "./parse.ts";

/**
 * The config.json of a model, such that `parseConfig` gives the same configuration back.
 *
 * @param dtype type of the weights beside it, which transformers loads them as.
 */
export function toHuggingFace(
  config: ModelConfig,
  dtype: "float32" | "bfloat16" | "float16" = "float32",
): Record<string, unknown> {
  return {
    architectures: [architectureOf(config)],
    model_type: config.family,
    ...(config.family === "gpt2" ? gpt2Options(config) : rotaryOptions(config)),
    vocab_size: config.vocabSize,
    tie_word_embeddings: config.tiedEmbeddings,
    bos_token_id: config.specialIds.bos,
    eos_token_id: config.specialIds.eos,
    pad_token_id: config.specialIds.pad,
    torch_dtype: dtype,
    use_cache: true,
    ...(config.labels !== undefined && labelOptions(config.labels)),
  };
}

/** Names of labels, whose number is what transformers counts. */
function labelOptions(labels: number): Record<string, unknown> {
  const names = Array.from({ length: labels }, (_, label) => `LABEL_${label}`);
  return {
    id2label: Object.fromEntries(names.map((name, label) => [String(label), name])),
    label2id: Object.fromEntries(names.map((name, label) => [name, label])),
  };
}

function gpt2Options(config: ModelConfig): Record<string, unknown> {
  return {
    n_embd: config.width,
    n_layer: config.layers,
    n_head: config.heads,
    n_inner: config.mlpWidth === 4 * config.width ? null : config.mlpWidth,
    n_positions: config.maxPositions,
    activation_function: config.mlp.activation === "gelu_tanh" ? "gelu_new" : "gelu",
    layer_norm_epsilon: config.norm.eps,
    scale_attn_weights: true,
    scale_attn_by_inverse_layer_idx: config.scores.scaleByInverseLayer,
  };
}

function rotaryOptions(config: ModelConfig): Record<string, unknown> {
  const { family, position, headWidth } = config;
  const rotary = position.kind === "rotary" ? position : null;
  const fraction = rotary ? rotatedFraction(rotary.rotaryWidth, headWidth) : 1;
  const sizes = {
    hidden_size: config.width,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.mlpWidth,
    max_position_embeddings: config.maxPositions,
    hidden_act: config.mlp.activation,
  };
  const base = rotary?.base;
  if (family === "gpt_neox") {
    return {
      ...sizes,
      layer_norm_eps: config.norm.eps,
      rotary_pct: fraction,
      rotary_emb_base: base,
      use_parallel_residual: config.residual === "parallel",
    };
  }
  const grouped = { ...sizes, num_key_value_heads: config.kvHeads, rope_theta: base };
  if (family === "stablelm") {
    return {
      ...grouped,
      layer_norm_eps: config.norm.eps,
      partial_rotary_factor: fraction,
      use_parallel_residual: config.residual === "parallel",
      use_qkv_bias: config.biases.qkv,
      qk_layernorm: config.qkNorm,
    };
  }
  return {
    ...grouped,
    rms_norm_eps: config.norm.eps,
    head_dim: headWidth,
    ...(rotary?.scaling && { rope_scaling: scalingOptions(rotary.scaling) }),
    ...(family === "llama" && { attention_bias: config.biases.qkv, mlp_bias: false }),
    ...(family === "mistral" && { sliding_window: config.slidingWindow }),
    ...(family === "qwen2" && { use_sliding_window: false }),
  };
}

/** The fraction of a head that readers, which truncate, turn into `rotaryWidth` again. */
function rotatedFraction(rotaryWidth: number, headWidth: number): number {
  const fraction = rotaryWidth / headWidth;
  // The product can round to just below an integer, as 0.58 * 50 does.
  return Math.trunc(headWidth * fraction) === rotaryWidth
    ? fraction
    : (rotaryWidth + 0.5) / headWidth;
}

function scalingOptions(scaling: RotaryScaling): Record<string, unknown> {
  if (scaling.kind === "linear") {
    // Transformers before 4.43 knows `type` only.
    return { rope_type: "linear", type: "linear", factor: scaling.factor };
  }
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFactor,
    high_freq_factor: scaling.highFactor,
    original_max_position_embeddings: scaling.originalPositions,
  };
}
