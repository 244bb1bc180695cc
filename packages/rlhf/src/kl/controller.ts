/** The weight of the KL penalty: fixed, or led towards a target divergence. */

/** Bound of the relative error that a step reacts to; lm-human-preferences. */
const LARGEST_ERROR = 0.2;

/** How the weight changes. */
export interface KlControl {
  /** Weight at the start, at least 0. */
  readonly initial: number;
  /** Divergence of whole completions to keep to, nats, above 0; null for a fixed weight. */
  readonly target: number | null;
  /** Completions over which an error of the whole bound would change the weight by itself. */
  readonly horizon: number;
}

/**
 * The weight after a batch of completions: `w (1 + clip(kl / target - 1, -0.2, 0.2) n / horizon)`;
 * section 2.2 of Ziegler et al. 2019 (arXiv:1909.08593). The weight is the controller's whole state.
 * @param weight before the batch
 * @param sequenceKl mean over completions of the SUM over their tokens, nats: per-token means mean
 *   another target for every length
 * @param completions n, of the batch
 * @throws Error where n is so large against the horizon that the weight could reach 0, or where the
 *   divergence is not a number
 */
export function nextKlWeight(
  { target, horizon }: KlControl,
  weight: number,
  sequenceKl: number,
  completions: number,
): number {
  if (target === null) return weight;
  const share = completions / horizon;
  if (!(share * LARGEST_ERROR < 1)) {
    throw new Error(
      `nextKlWeight: expected a horizon above ${LARGEST_ERROR * completions} for batches of ` +
        `${completions} completions, got ${horizon}. Raise it.`,
    );
  }
  if (Number.isNaN(sequenceKl)) {
    throw new Error("nextKlWeight: expected a divergence, got NaN. Look at the log-probabilities.");
  }
  const error = Math.max(-LARGEST_ERROR, Math.min(LARGEST_ERROR, sequenceKl / target - 1));
  return weight * (1 + error * share);
}
