/** The numbers of a task made from real dialogues. */
import type { SplitName } from "@preflab/data";
import type { JudgeSettings } from "./judge.ts";
import type { SplitShares } from "./split.ts";
import type { TokenLimits } from "./token-rows.ts";

/** All that decides the task, beside the dialogues. */
export interface HhSettings {
  readonly shares: SplitShares;
  /** Tokens in all, bytes and special tokens included; at most 2^16. */
  readonly vocabulary: number;
  readonly limits: TokenLimits;
  /** Most rows of each part: a random choice where there are more. */
  readonly most: Readonly<Record<"pairs" | "prompts", Readonly<Record<SplitName, number>>>>;
  readonly judge: Omit<JudgeSettings, "seed">;
  readonly seed: number;
}

/** For the 7,415 pairs of the published test files on a CPU. */
export const HH_SMALL: HhSettings = {
  shares: { validation: 0.06, test: 0.12, judge: 0.32 },
  vocabulary: 4096,
  // Half of the replies are shorter than 48 tokens.
  limits: { text: 192, pair: 128, prompt: 64, reply: 64 },
  // All of them: more than there are.
  most: {
    pairs: { train: 4000, validation: 500, test: 1000 },
    prompts: { train: 4000, validation: 256, test: 256 },
  },
  // Chosen by cross-validation within what the judge learns from and is calibrated on.
  judge: {
    features: { longest: 2, bits: 18, ngramLength: 0.75 },
    ...{ epochs: 6, lr: 0.1, l2: 1e-3, damping: 1 },
  },
  seed: 0,
};

/** For a few steps of everything, with any transcripts. */
export const HH_SMOKE: HhSettings = {
  ...HH_SMALL,
  vocabulary: 512,
  limits: { text: 128, pair: 72, prompt: 48, reply: 24 },
  most: {
    pairs: { train: 64, validation: 16, test: 16 },
    prompts: { train: 64, validation: 8, test: 8 },
  },
};

/** For all of the published data, by a larger model and with longer replies. */
export const HH_MEDIUM: HhSettings = {
  ...HH_SMALL,
  vocabulary: 8192,
  limits: { text: 512, pair: 384, prompt: 192, reply: 128 },
  most: {
    pairs: { train: 100_000, validation: 1000, test: 1000 },
    prompts: { train: 100_000, validation: 512, test: 512 },
  },
};
