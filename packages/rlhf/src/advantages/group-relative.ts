/** The advantages of GRPO and its kin. */

import { momentsOf, type VarianceKind } from "../statistics/moments.ts";
import { groupsOf } from "./groups.ts";

/**
 * What differences from the group's mean are divided by: the deviation of the `group` (GRPO), of the
 * whole `batch`, or nothing (`none`, Dr. GRPO).
 */
export const GROUP_SCALES = ["group", "batch", "none"] as const;

/** How rewards become advantages. */
export interface GroupRelativeOptions {
  readonly scale: (typeof GROUP_SCALES)[number];
  /** Of the deviation; torch's, so TRL's, is Bessel's. */
  readonly variance: VarianceKind;
  /** Added to the deviation; TRL's is 1e-4. */
  readonly eps: number;
}

/**
 * `A_i = (r_i - mean) / (deviation + eps)` within the completions of a prompt: section 4.1.2 of Shao
 * et al. 2024, DeepSeekMath (arXiv:2402.03300); without the deviation, Liu et al. 2025, Understanding
 * R1-Zero-like training (arXiv:2503.20783).
 * @param rewards `[prompts * n]`, completions of a prompt next to each other
 * @param size n, at least 2
 */
export function groupRelativeAdvantages(
  rewards: ArrayLike<number>,
  size: number,
  { scale, variance, eps }: GroupRelativeOptions,
): Float64Array {
  const deviationOf = (numbers: Iterable<number>) =>
    Math.sqrt(momentsOf(numbers, variance).variance);
  const groups = groupsOf(rewards, size);
  const ofBatch = scale === "batch" ? deviationOf(Float64Array.from(rewards)) : 0;
  const advantages = groups.flatMap((group) => {
    const { mean } = momentsOf(group, "population");
    if (scale === "none") return Array.from(group, (x) => x - mean);
    const deviation = scale === "group" ? deviationOf(group) : ofBatch;
    return Array.from(group, (x) => (x - mean) / (deviation + eps));
  });
  return Float64Array.from(advantages);
}
