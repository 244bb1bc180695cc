/**
 * A prompt with its completions: what a trainer computes log-probabilities of, whatever an objective
 * makes of them. Pairs have two completions, the chosen one first; ranked responses K, best first;
 * an unpaired response has itself and one that belongs to another prompt.
 */

import type { TokenizedPair, TokenizedRanked, TokenizedUnpaired } from "@preflab/data";

/** A prompt and K completions of it, as token ids. */
export interface Group {
  readonly promptIds: ArrayLike<number>;
  readonly completions: readonly ArrayLike<number>[];
}

/** The group of a pair: chosen, rejected. */
export function pairGroup({ promptIds, chosenIds, rejectedIds }: TokenizedPair): Group {
  return { promptIds, completions: [chosenIds, rejectedIds] };
}

/** The group of ranked responses, best first. */
export function rankedGroup({ promptIds, completionIds }: TokenizedRanked): Group {
  return { promptIds, completions: completionIds };
}

/**
 * Groups of unpaired responses: each prompt with its own completion and with that of the next
 * example, which KTO estimates its divergence from (Ethayarajh et al. 2024, section 4.1).
 * @throws Error for fewer than two examples
 */
export function unpairedGroups(examples: readonly TokenizedUnpaired[]): Group[] {
  if (examples.length < 2) {
    throw new Error(
      `unpairedGroups: expected at least 2 examples, since each is compared with another's ` +
        `completion, got ${examples.length}.`,
    );
  }
  return examples.map(({ promptIds, completionIds }, i) => {
    const other = examples[(i + 1) % examples.length] as TokenizedUnpaired;
    return { promptIds, completions: [completionIds, other.completionIds] };
  });
}

/** Completions of every group, which is the same number for all. @throws Error naming a group */
export function completionsPerGroup(groups: readonly Group[]): number {
  const count = groups[0]?.completions.length ?? 0;
  const other = groups.findIndex(({ completions }) => completions.length !== count);
  if (count > 0 && other < 0) return count;
  throw new Error(
    `preferences: expected as many completions in every example, ${count} as in the first, got ` +
      `${groups[other]?.completions.length ?? "no example"} in example ${other}.`,
  );
}

/** Tokens of a group laid out with its prompt once. */
export function groupTokens({ promptIds, completions }: Group): number {
  return completions.reduce((sum, { length }) => sum + length, promptIds.length);
}

/** Tokens of a group's longest text. */
export function longestText({ promptIds, completions }: Group): number {
  return promptIds.length + Math.max(...completions.map(({ length }) => length));
}
