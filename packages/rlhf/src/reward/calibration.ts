/** How well a reward model knows what it knows: its certainty against its accuracy. */

/** Pairs of similar certainty. */
export interface CalibrationBin {
  /** Certainties from here, `[0.5, 1)`. */
  readonly from: number;
  readonly count: number;
  /** Mean of `sigmoid(|margin|)`; NaN without pairs. */
  readonly confidence: number;
  /** Share of pairs in the right order, ties counted half; NaN without pairs. */
  readonly accuracy: number;
}

/** Calibration on pairs whose right order is known. */
export interface Calibration {
  /** Expected calibration error: mean distance of confidence and accuracy, weighted by count. */
  readonly error: number;
  readonly bins: readonly CalibrationBin[];
}

/**
 * Calibration of `P(chosen > rejected) = sigmoid(margin)`, which counts as a prediction of the order
 * that it favours. Guo et al. 2017 (arXiv:1706.04599), Eq. 5, with bins of equal width.
 * @param margins reward of chosen less reward of rejected, per pair
 * @param bins over `[0.5, 1]`
 */
export function calibration(margins: ArrayLike<number>, bins = 10): Calibration {
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (const margin of Array.from(margins)) {
    const confidence = 1 / (1 + Math.exp(-Math.abs(margin)));
    const bin = sums[Math.min(bins - 1, Math.floor((confidence - 0.5) * 2 * bins))];
    if (!bin) continue; // a margin that is not a number
    bin.count++;
    bin.confidence += confidence;
    bin.right += margin > 0 ? 1 : margin === 0 ? 0.5 : 0;
  }
  const total = sums.reduce((sum, { count }) => sum + count, 0);
  const distance = sums.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0);
  return {
    error: distance / total,
    bins: sums.map(({ count, confidence, right }, k) => ({
      from: 0.5 + k / bins / 2,
      count,
      confidence: confidence / count,
      accuracy: right / count,
    })),
  };
}
