/**
 * The parameters of a model under their canonical names, and the tensors of a Hugging Face
 * checkpoint that hold them, per family. Reading the tensors is in ./load.ts.
 */
import type { Family, ModelConfig } from "../config.ts";
import { CheckpointError } from "./error.ts";
import { groupedByHead, type ParameterLayout, type Piece } from "./layout.ts";

/** What a family calls its tensors, without `.weight` and `.bias`. */
export interface Naming {
  readonly embedding: string;
  readonly positions?: string;
  /** Before the number of a block; everything down to `mlpDown` stands in a block. */
  readonly blocks: string;
  readonly norm1: string;
  /** One tensor, or one each for queries, keys and values. */
  readonly qkv: readonly string[];
  /** Order of the rows of the tensors of `qkv`, where it is not the canonical one. */
  readonly qkvOrder?: (config: ModelConfig, index: number) => Piece["order"];
  /** Gains of the norms over queries and keys: one tensor [heads, headWidth], or one per head. */
  readonly headNorms?: { readonly names: readonly [string, string]; readonly perHead: boolean };
  readonly attentionOut: string;
  readonly norm2: string;
  /** One tensor, or gate and up. */
  readonly mlpUp: readonly string[];
  readonly mlpDown: string;
  readonly norm: string;
  readonly head: string;
  /** Matrices are stored [in, out], as GPT-2 does, not [out, in]. */
  readonly inputsFirst?: boolean;
}

const LLAMA: Naming = {
  embedding: "model.embed_tokens",
  blocks: "model.layers.",
  norm1: "input_layernorm",
  qkv: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
  headNorms: {
    names: ["self_attn.q_layernorm.norms.", "self_attn.k_layernorm.norms."],
    perHead: true,
  },
  attentionOut: "self_attn.o_proj",
  norm2: "post_attention_layernorm",
  mlpUp: ["mlp.gate_proj", "mlp.up_proj"],
  mlpDown: "mlp.down_proj",
  norm: "model.norm",
  head: "lm_head",
};

const NAMINGS: Readonly<Record<Family, Naming>> = {
  gpt2: {
    embedding: "transformer.wte",
    positions: "transformer.wpe",
    blocks: "transformer.h.",
    norm1: "ln_1",
    qkv: ["attn.c_attn"],
    attentionOut: "attn.c_proj",
    norm2: "ln_2",
    mlpUp: ["mlp.c_fc"],
    mlpDown: "mlp.c_proj",
    norm: "transformer.ln_f",
    head: "lm_head",
    inputsFirst: true,
  },
  gpt_neox: {
    embedding: "gpt_neox.embed_in",
    blocks: "gpt_neox.layers.",
    norm1: "input_layernorm",
    qkv: ["attention.query_key_value"],
    qkvOrder: ({ heads, headWidth }) => groupedByHead(heads, headWidth),
    attentionOut: "attention.dense",
    norm2: "post_attention_layernorm",
    mlpUp: ["mlp.dense_h_to_4h"],
    mlpDown: "mlp.dense_4h_to_h",
    norm: "gpt_neox.final_layer_norm",
    head: "embed_out",
  },
  llama: LLAMA,
  mistral: LLAMA,
  qwen2: LLAMA,
  stablelm: LLAMA,
};

/**
 * Every parameter of a model and the tensors of a Hugging Face checkpoint that hold it, in the
 * order of the forward pass.
 */
export function huggingFaceLayouts(config: ModelConfig): ParameterLayout[] {
  return parameterLayouts(config, NAMINGS[config.family]);
}

/** Every parameter of a model and the tensors that hold it, in the order of the forward pass. */
export function parameterLayouts(config: ModelConfig, naming: Naming): ParameterLayout[] {
  const { vocabSize, width, layers, maxPositions, position, tiedEmbeddings, labels } = config;
  const layouts = [whole("embedding", [vocabSize, width], `${naming.embedding}.weight`)];
  if (position.kind === "learned") {
    layouts.push(whole("positions", [maxPositions, width], `${naming.positions}.weight`));
  }
  for (let block = 0; block < layers; block++) layouts.push(...blockLayouts(config, naming, block));
  layouts.push(...norm(config, "norm", naming.norm));
  if (labels !== undefined) layouts.push(scoreHead(width, labels));
  else if (!tiedEmbeddings) {
    layouts.push(whole("head", [vocabSize, width], `${naming.head}.weight`));
  }
  return layouts;
}

function blockLayouts(config: ModelConfig, naming: Naming, block: number): ParameterLayout[] {
  const { width, heads, kvHeads, headWidth, mlpWidth, biases, mlp, qkNorm, sharedNorm } = config;
  const canonical = `blocks.${block}.`;
  const stored = `${naming.blocks}${block}.`;
  const attended = heads * headWidth;
  const grouped = kvHeads * headWidth;
  const matrix = (name: string, names: readonly string[], sizes: MatrixSizes) =>
    matrixLayouts(
      `${canonical}${name}`,
      names.map((part) => stored + part),
      sizes,
      !naming.inputsFirst,
    );
  return [
    ...norm(config, `${canonical}norm1`, `${stored}${naming.norm1}`),
    ...matrix("qkv", naming.qkv, {
      inputs: width,
      outputs: [attended, grouped, grouped],
      bias: biases.qkv,
      order: (index) => naming.qkvOrder?.(config, index) ?? null,
    }),
    ...(qkNorm ? headNorms(config, naming, canonical, stored) : []),
    ...matrix("attentionOut", [naming.attentionOut], {
      inputs: attended,
      outputs: [width],
      bias: biases.attentionOut,
    }),
    ...(sharedNorm ? [] : norm(config, `${canonical}norm2`, `${stored}${naming.norm2}`)),
    ...matrix("mlp.up", naming.mlpUp, {
      inputs: width,
      outputs: mlp.kind === "gated" ? [mlpWidth, mlpWidth] : [mlpWidth],
      bias: biases.mlp,
    }),
    ...matrix("mlp.down", [naming.mlpDown], {
      inputs: mlpWidth,
      outputs: [width],
      bias: biases.mlp,
    }),
  ];
}

interface MatrixSizes {
  readonly inputs: number;
  /** Of the parts, be they stored in one tensor or one each. */
  readonly outputs: readonly number[];
  readonly bias: boolean;
  /** Order of the rows of the tensor with an index. */
  readonly order?: (index: number) => Piece["order"];
}

/** A matrix and, where it has one, its bias. */
function matrixLayouts(
  name: string,
  stored: readonly string[],
  { inputs, outputs, bias, order }: MatrixSizes,
  transposed: boolean,
): ParameterLayout[] {
  const total = outputs.reduce((sum, extent) => sum + extent, 0);
  const extents = stored.length === 1 ? [total] : outputs;
  let next = 0;
  const parts = extents.map((extent, index) => {
    const at = next;
    next += extent;
    return { name: stored[index], extent, at, order: order?.(index) ?? null };
  });
  const weights = parts.map(({ name, extent, at, order }) => {
    const shape = transposed ? [extent, inputs] : [inputs, extent];
    return { name: `${name}.weight`, shape, at, order };
  });
  const weight = { name: `${name}.weight`, shape: [inputs, total], transposed, pieces: weights };
  if (!bias) return [weight];
  const pieces = parts.map(({ name, extent, at, order }) => {
    return { name: `${name}.bias`, shape: [extent], at, order };
  });
  return [weight, { name: `${name}.bias`, shape: [total], transposed: false, pieces }];
}

/** The head of transformers' classes for sequence classification, named alike in all families. */
function scoreHead(width: number, labels: number): ParameterLayout {
  const piece = { name: "score.weight", shape: [labels, width], at: 0, order: null };
  return { name: "score.weight", shape: [width, labels], transposed: true, pieces: [piece] };
}

/** A parameter that is one tensor, stored as it is. */
function whole(name: string, shape: readonly number[], stored: string): ParameterLayout {
  return { name, shape, transposed: false, pieces: [{ name: stored, shape, at: 0, order: null }] };
}

function norm({ norm, width }: ModelConfig, name: string, stored: string): ParameterLayout[] {
  const gain = whole(`${name}.gain`, [width], `${stored}.weight`);
  return norm.kind === "rms" ? [gain] : [gain, whole(`${name}.bias`, [width], `${stored}.bias`)];
}

function headNorms(
  { family, heads, kvHeads, headWidth }: ModelConfig,
  { headNorms }: Naming,
  canonical: string,
  stored: string,
): ParameterLayout[] {
  if (!headNorms) {
    throw new CheckpointError(`checkpoint: expected ${family} without qkNorm, got qkNorm.`);
  }
  return ["qNorm", "kNorm"].map((name, index) => {
    const count = index === 0 ? heads : kvHeads;
    const prefix = `${stored}${headNorms.names[index]}`;
    const shape = [count, headWidth];
    if (!headNorms.perHead) return whole(`${canonical}${name}.gain`, shape, `${prefix}.weight`);
    const pieces = Array.from({ length: count }, (_, head) => {
      const at = head * headWidth;
      return { name: `${prefix}${head}.weight`, shape: [headWidth], at, order: null };
    });
    return { name: `${canonical}${name}.gain`, shape, transposed: false, pieces };
  });
}
