/** What is trained: models of the engine's benchmark, and how long prompts and completions are. */
import { SIZES as SHAPES, type Size } from "../engine/sizes.ts";

/** Sizes by name, each with its pairs per step: about as many tokens as a step of the engine's. */
export const SIZES = {
  S: { ...SHAPES.S, batch: 8 },
  M: { ...SHAPES.M, batch: 8 },
  L: { ...SHAPES.L, batch: 4 },
} as const satisfies Record<string, Size>;

/** Name of a size. */
export type SizeName = keyof typeof SIZES;

/** All of them, smallest first. */
export const SIZE_NAMES = Object.keys(SIZES) as readonly SizeName[];

/** Tokens of every prompt and of every completion: no row is padded on either side. */
export const TEXTS = {
  "64 + 64": { prompt: 64, completion: 64 },
  "192 + 64": { prompt: 192, completion: 64 },
} as const;

/** Lengths of prompt and completion. */
export type Texts = keyof typeof TEXTS;

/** All of them. */
export const TEXT_NAMES = Object.keys(TEXTS) as readonly Texts[];
