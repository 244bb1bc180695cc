/**
 * The one description of a transformer that the rest of the package reads, whatever family a
 * checkpoint is of. `parseConfig` makes it from a Hugging Face config.json, `toHuggingFace` writes
 * one; both know the families, nothing after them has to.
 */
export { parseConfig } from "./checkpoint/config/parse.ts";
export { toHuggingFace } from "./checkpoint/config/write.ts";

/** `model_type` of a Hugging Face config.json. */
export type Family = "gpt2" | "gpt_neox" | "llama" | "mistral" | "qwen2" | "stablelm";

/** `gelu` is the exact one (erf), `gelu_tanh` the approximation by tanh. */
export type Activation = "gelu" | "gelu_tanh" | "silu";

/** How the frequencies of rotary positions are stretched for longer contexts. */
export type RotaryScaling =
  /** All frequencies divided by `factor`. */
  | { readonly kind: "linear"; readonly factor: number }
  /**
   * Llama 3.1: frequencies whose wavelength exceeds `originalPositions / lowFactor` tokens are
   * divided by `factor`, those below `originalPositions / highFactor` kept, the rest interpolated.
   */
  | {
      readonly kind: "llama3";
      readonly factor: number;
      readonly lowFactor: number;
      readonly highFactor: number;
      readonly originalPositions: number;
    };

/** Where the order of the tokens enters. */
export type Position =
  /** A learned table `positions` [maxPositions, width], added to the embedding. */
  | { readonly kind: "learned" }
  /**
   * Queries and keys are rotated: of each head the first `rotaryWidth` of `headWidth` elements, in
   * pairs (i, i + rotaryWidth / 2), by `position * base^(-2 i / rotaryWidth)`.
   */
  | {
      readonly kind: "rotary";
      readonly base: number;
      readonly rotaryWidth: number;
      readonly scaling: RotaryScaling | null;
    };

/** Ids of tokens with a meaning; null where the checkpoint names none. */
export interface SpecialIds {
  readonly bos: number | null;
  /** Any of these ends a text. */
  readonly eos: number | readonly number[] | null;
  readonly pad: number | null;
}

/** Architecture of a decoder-only transformer. Sizes are positive integers. */
export interface ModelConfig {
  readonly family: Family;
  /** V */
  readonly vocabSize: number;
  /** D, of the residual stream. */
  readonly width: number;
  readonly layers: number;
  /** H, of the queries. */
  readonly heads: number;
  /** Heads of keys and values; divides `heads`. */
  readonly kvHeads: number;
  /** K, of one head; `heads * headWidth` need not be `width`. */
  readonly headWidth: number;
  /** M, hidden width of the MLP. */
  readonly mlpWidth: number;
  /** Longest sequence in tokens; a hard limit only of learned positions. */
  readonly maxPositions: number;
  /** `layer` has gain and bias, `rms` a gain only. */
  readonly norm: { readonly kind: "layer" | "rms"; readonly eps: number };
  /**
   * `sequential`: x += attention(norm1(x)), then x += mlp(norm2(x)).
   * `parallel`: x + attention(norm1(x)) + mlp(norm2(x)), or norm1 for both under `sharedNorm`.
   */
  readonly residual: "sequential" | "parallel";
  /** Attention and MLP read norm1; blocks have no norm2. Only with a parallel residual. */
  readonly sharedNorm: boolean;
  /** `plain`: down(act(up(x))). `gated`: down(act(gate(x)) * up(x)). */
  readonly mlp: { readonly kind: "plain" | "gated"; readonly activation: Activation };
  readonly position: Position;
  /** A token attends to itself and the `slidingWindow - 1` tokens before it; null: to all. */
  readonly slidingWindow: number | null;
  /** Which matrices have a bias. */
  readonly biases: {
    readonly qkv: boolean;
    readonly attentionOut: boolean;
    readonly mlp: boolean;
  };
  /**
   * Layer norm over each head of queries and keys before rotation, with gains qNorm [H, K] and
   * kNorm [kvHeads, K], no bias and the eps of `norm`.
   */
  readonly qkNorm: boolean;
  /** The output head is the embedding. */
  readonly tiedEmbeddings: boolean;
  /** Scores are divided by sqrt(headWidth), and by (layer + 1), layers from 0, when set. */
  readonly scores: { readonly scaleByInverseLayer: boolean };
  readonly specialIds: SpecialIds;
  /**
   * Instead of logits per token the model gives so many scores per text, read at its last token: 1
   * for a reward model, the number of classes for a classifier. Missing: a language model.
   */
  readonly labels?: number;
}
