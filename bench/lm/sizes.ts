/** The language models that are measured, and how much text each task has. */
import type { ModelConfig } from "@preflab/lm";
import { SIZES as SHAPES, type Size } from "../engine/sizes.ts";

/** Sizes by name: those of the engine's benchmark, the last under the name that everyone knows. */
export const SIZES = {
  S: SHAPES.S,
  M: SHAPES.M,
  L: SHAPES.L,
  gpt2: SHAPES.G,
} as const satisfies Record<string, Size>;

/** Name of a size. */
export type SizeName = keyof typeof SIZES;

/** All of them, smallest first. */
export const SIZE_NAMES = Object.keys(SIZES) as readonly SizeName[];

/** Generation: prompts of one length, as many new tokens each, so many rows at once. */
export const GENERATION = { promptLength: 64, newTokens: 64, batches: [1, 16, 64] } as const;

/** Positions of GPT-2; more than any task here needs. */
const MAX_POSITIONS = 1024;

/** A GPT-2 of a size. It has no end-of-text token, so that every row is as long as asked for. */
export function configOf({ layers, width, heads, vocabulary }: Size): ModelConfig {
  return {
    family: "gpt2",
    vocabSize: vocabulary,
    width,
    layers,
    heads,
    kvHeads: heads,
    headWidth: width / heads,
    mlpWidth: 4 * width,
    maxPositions: MAX_POSITIONS,
    norm: { kind: "layer", eps: 1e-5 },
    residual: "sequential",
    sharedNorm: false,
    mlp: { kind: "plain", activation: "gelu_tanh" },
    position: { kind: "learned" },
    slidingWindow: null,
    biases: { qkv: true, attentionOut: true, mlp: true },
    qkNorm: false,
    tiedEmbeddings: true,
    scores: { scaleByInverseLayer: false },
    specialIds: { bos: null, eos: null, pad: null },
  };
}
