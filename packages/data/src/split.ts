/**
 * Parts of a data set by its prompts: all examples of a prompt go to one part, and which one
 * depends on nothing but seed and prompt, so that more data never moves old examples. Prompts that
 * nearly agree are found by ./near-duplicates.ts.
 */
import { hashText } from "./hash.ts";
import { textKey } from "./text.ts";
import type { Text } from "./types.ts";

/** Name of a part. */
export type SplitName = "train" | "validation" | "test";

/** Shares of the parts; what they leave of 1 is for training. */
export interface SplitOptions {
  /** Share of the prompts, in [0, 1); default 0.05. */
  readonly validation?: number;
  /** Share of the prompts, in [0, 1); default 0.05. */
  readonly test?: number;
  /** Integer in `[0, 2^32)`; default 0. */
  readonly seed?: number;
}

/**
 * A function that tells the part of a prompt.
 *
 * @throws RangeError where shares are out of range or leave nothing for training
 */
export function promptSplitter(options: SplitOptions = {}): (prompt: Text) => SplitName {
  const { validation = 0.05, test = 0.05, seed = 0 } = options;
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new RangeError(
      "promptSplitter: expected shares of validation and test from 0 that add up to less than 1, " +
        `got ${validation} and ${test}.`,
    );
  }
  return (prompt) => {
    const share = hashText(textKey(prompt), seed) / 2 ** 53;
    if (share < test) return "test";
    return share < test + validation ? "validation" : "train";
  };
}
