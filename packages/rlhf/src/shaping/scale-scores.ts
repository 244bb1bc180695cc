/** Scores on a scale that a learning rate can be chosen for. */

import type { RunningMoments } from "../statistics/running-moments.ts";

/** What scores are divided by: nothing, the deviation under the reference, or the one so far. */
export const SCORE_SCALES = ["none", "reference", "running"] as const;

/** How scores are scaled. */
export interface ScoreScaling {
  readonly scale: (typeof SCORE_SCALES)[number];
  /** Subtract the mean that goes with the scale. */
  readonly center: boolean;
  /** Scores end up within plus and minus this; null for no bound. */
  readonly clip: number | null;
}

/** Keeps equal scores finite; TRL's is the rounding unit of float32. */
const EPSILON = 2 ** -23;

/**
 * Scaled, then clipped scores: `(score - mean) / (deviation + eps)`; trlx's `scale_reward` and
 * `cliprange_reward`, TRL's `use_score_scaling`, `use_score_norm` and `score_clip`.
 * @param moments of the reference's scores; with `running` those so far, which take `scores` in first
 */
export function scaleScores(
  scores: ArrayLike<number>,
  { scale, center, clip }: ScoreScaling,
  moments: RunningMoments,
): Float64Array {
  if (scale === "running") moments.update(scores);
  const mean = center && scale !== "none" ? moments.mean : 0;
  const divisor = scale === "none" ? 1 : moments.deviation + EPSILON;
  const bound = clip ?? Number.POSITIVE_INFINITY;
  return Float64Array.from(scores, (score) =>
    Math.max(-bound, Math.min(bound, (score - mean) / divisor)),
  );
}
