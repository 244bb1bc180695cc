/** What is trained: models of the engine's benchmark, how many completions, how long, and by what. */
import { SIZES as SHAPES, type Size } from "../engine/sizes.ts";

/** A model, and what a step samples. */
export interface PpoSize extends Size {
  /** Prompts of a step. */
  readonly prompts: number;
}

/** Sizes by name, those with a target. */
export const SIZES = {
  S: { ...SHAPES.S, prompts: 64 },
  M: { ...SHAPES.M, prompts: 32 },
} as const satisfies Record<string, PpoSize>;

/** Name of a size. */
export type SizeName = keyof typeof SIZES;

/** All of them, smallest first. */
export const SIZE_NAMES = Object.keys(SIZES) as readonly SizeName[];

/** Tokens of a prompt, most tokens of a completion, completions of a prompt. */
export const TEXTS = { promptLength: 16, newTokens: 48, samples: 4 } as const;

/** Whether the value function is a model of its own or a head on the policy. */
export const TRUNKS = ["separate", "shared"] as const;

/** One of {@link TRUNKS}. */
export type Trunk = (typeof TRUNKS)[number];

/** Chance of the end of a text at every token of a fresh policy. */
export const ENDINGS = { full: 0, ending: 1 / 32 } as const;

/** `full`: all completions are as long as they may be. `ending`: they end by themselves. */
export type Ending = keyof typeof ENDINGS;

/** What is measured at a size. */
export interface Variant {
  readonly trunk: Trunk;
  readonly ending: Ending;
}

/** All of them. */
export const VARIANTS: readonly Variant[] = (Object.keys(ENDINGS) as Ending[]).flatMap((ending) =>
  TRUNKS.map((trunk) => ({ trunk, ending })),
);

/** Completions of a step. */
export function completionsOf(size: SizeName): number {
  return SIZES[size].prompts * TEXTS.samples;
}
