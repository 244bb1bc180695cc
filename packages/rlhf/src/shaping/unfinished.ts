/** What a completion costs that did not come to its end. */

/** `subtract`: TRL's `missing_eos_penalty`. `replace`: the score of Ziegler et al. 2019. */
export const UNFINISHED_MODES = ["none", "subtract", "replace"] as const;

/** How unfinished completions are scored. */
export interface UnfinishedScore {
  readonly mode: (typeof UNFINISHED_MODES)[number];
  /** Subtracted from the score, or put in its place. */
  readonly value: number;
}

/**
 * Scores, corrected where a completion has no end.
 * @param finished whether a completion ended by itself instead of at the longest length
 */
export function scoreUnfinished(
  scores: ArrayLike<number>,
  finished: readonly boolean[],
  { mode, value }: UnfinishedScore,
): Float64Array {
  return Float64Array.from(scores, (score, i) => {
    if (mode === "none" || finished[i]) return score;
    return mode === "replace" ? value : score - value;
  });
}
