/** Sampling filters once more, on one row of plain numbers and by sorting: for comparison. */

/** Settings of {@link nextDistribution}. */
export interface ReferenceOptions {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly penalty?: number;
}

/** The probabilities that the next token is drawn with. */
export function nextDistribution(
  logits: readonly number[],
  history: readonly number[],
  { temperature = 1, topK, topP = 1, minP = 0, penalty = 1 }: ReferenceOptions,
): number[] {
  const seen = new Set(history);
  const scaled = logits.map((logit, id) => {
    const penalized = seen.has(id) ? (logit > 0 ? logit / penalty : logit * penalty) : logit;
    return penalized / temperature;
  });
  let kept = scaled.map((logit, id) => ({ logit, id })).sort((a, b) => b.logit - a.logit);
  if (topK !== undefined) {
    const last = kept[Math.min(topK, kept.length) - 1]?.logit as number;
    kept = kept.filter(({ logit }) => logit >= last);
  }
  if (topP < 1) {
    const total = kept.reduce((sum, { logit }) => sum + Math.exp(logit), 0);
    let mass = 0;
    let count = 0;
    while (mass < topP) mass += Math.exp(kept[count++]?.logit as number) / total;
    const last = kept[count - 1]?.logit as number;
    kept = kept.filter(({ logit }) => logit >= last);
  }
  const best = kept[0]?.logit as number;
  kept = kept.filter(({ logit }) => Math.exp(logit - best) >= minP);
  const total = kept.reduce((sum, { logit }) => sum + Math.exp(logit), 0);
  const distribution = logits.map(() => 0);
  for (const { logit, id } of kept) distribution[id] = Math.exp(logit) / total;
  return distribution;
}

/** The token that `noise` in [0, 1) draws. */
export function drawFrom(distribution: readonly number[], noise: number): number {
  let sum = 0;
  return distribution.findIndex((probability) => {
    sum += probability;
    return sum > noise;
  });
}
