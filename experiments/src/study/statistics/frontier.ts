/**
 * The reward/KL frontier of one method with one seed: the most reward at a KL of at most so much.
 * Between two evaluated policies lies the one that draws one of them for every prompt: its reward is
 * the mixture of theirs and its KL at most the mixture of theirs, as KL is convex. So the upper
 * concave envelope is within reach, and beyond the best policy the frontier goes on flat.
 */

/** Mean reward at a mean sequence KL in nats. */
export interface RewardAtKl {
  readonly kl: number;
  readonly reward: number;
}

/**
 * Indices of the points on the upper concave envelope, by ascending KL, up to the point of most
 * reward. To select by validation prompts, give their means here and the means on test prompts to
 * {@link rewardAt}.
 */
export function envelope(points: readonly RewardAtKl[]): number[] {
  const at = (i: number) => points[i] as RewardAtKl;
  const order = points
    .map((_, i) => i)
    .sort((a, b) => at(a).kl - at(b).kl || at(b).reward - at(a).reward);
  const hull: number[] = [];
  for (const i of order) {
    const last = hull.at(-1);
    // Only a policy that has more reward than all of less KL is worth its KL.
    if (last !== undefined && at(i).reward <= at(last).reward) continue;
    while (hull.length >= 2) {
      const [a, b] = hull.slice(-2).map(at) as [RewardAtKl, RewardAtKl];
      const bend =
        (b.kl - a.kl) * (at(i).reward - a.reward) - (b.reward - a.reward) * (at(i).kl - a.kl);
      if (bend < 0) break;
      hull.pop();
    }
    hull.push(i);
  }
  return hull;
}

/**
 * Reward at a KL, linear between points.
 * @param points by ascending KL, at least one
 * @returns the reward of the nearest point outside their range
 */
export function rewardAt(points: readonly RewardAtKl[], kl: number): number {
  const after = points.findIndex((point) => point.kl > kl);
  if (after === 0) return (points[0] as RewardAtKl).reward;
  if (after === -1) return (points.at(-1) as RewardAtKl).reward;
  const [a, b] = [points[after - 1], points[after]] as [RewardAtKl, RewardAtKl];
  return a.reward + ((b.reward - a.reward) * (kl - a.kl)) / (b.kl - a.kl);
}

/**
 * Area that points dominate: of reward above, and KL below, a reference point. No interpolation, so
 * that it claims no policy that was not evaluated.
 */
export function hypervolume(points: readonly RewardAtKl[], reference: RewardAtKl): number {
  let [area, best] = [0, reference.reward];
  for (const { kl, reward } of [...points].sort((a, b) => a.kl - b.kl)) {
    if (kl >= reference.kl || reward <= best) continue;
    area += (reference.kl - kl) * (reward - best);
    best = reward;
  }
  return area;
}
