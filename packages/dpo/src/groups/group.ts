/**
 * A prompt with its completions: what a trainer computes log-probabilities of, whatever an objective
 * makes of them. Pairs have two completions, the chosen one first; ranked responses K, best first;
 * an unpaired response has itself and one that belongs to another prompt.
 */

import {
  DataError,
  type TokenizedPair,
  type TokenizedRanked,
  type TokenizedUnpaired,
} from "@preflab/data";

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
 * example of another prompt, which KTO estimates its divergence from (Ethayarajh et al. 2024, section
 * 4.1). Where all prompts are the same, the next example's.
 * @param maxLength tokens; completions of other prompts lose what does not fit behind the prompt
 * @throws DataError for fewer than two examples
 */
export function unpairedGroups(
  examples: readonly TokenizedUnpaired[],
  maxLength: number = Number.POSITIVE_INFINITY,
): Group[] {
  if (examples.length < 2) {
    throw new DataError(
      `preferences: expected at least 2 examples, since each is compared with another's ` +
        `completion, got ${examples.length}. Add examples.`,
    );
  }
  const others = nextOfOtherPrompt(examples);
  return examples.map(({ promptIds, completionIds }, i) => {
    const other = examples[others[i] as number] as TokenizedUnpaired;
    const room = Math.max(0, maxLength - promptIds.length);
    const fits = other.completionIds.length <= room;
    const stranger = fits ? other.completionIds : Array.from(other.completionIds).slice(0, room);
    return { promptIds, completions: [completionIds, stranger] };
  });
}

/** For each example the next one, round about, whose prompt differs; the next one if none does. */
function nextOfOtherPrompt(examples: readonly TokenizedUnpaired[]): number[] {
  const count = examples.length;
  const after = (i: number) => (i + 1) % count;
  const promptOf = (i: number) => (examples[i] as TokenizedUnpaired).promptIds;
  const isLast = examples.map((_, i) => !sameIds(promptOf(i), promptOf(after(i))));
  const end = isLast.lastIndexOf(true);
  const next = examples.map((_, i) => after(i));
  if (end < 0) return next;
  // Backwards, so that an example within a run of equal prompts takes what the one after it has.
  for (let back = 0; back < count; back++) {
    const i = (end - back + count) % count;
    if (!isLast[i]) next[i] = next[after(i)] as number;
  }
  return next;
}

function sameIds(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a === b || (a.length === b.length && Array.from(a).every((id, i) => id === b[i]));
}

/** Completions of every group, which is the same number for all. @throws DataError naming a group */
export function completionsPerGroup(groups: readonly Group[]): number {
  const count = groups[0]?.completions.length ?? 0;
  const other = groups.findIndex(({ completions }) => completions.length !== count);
  if (count > 0 && other < 0) return count;
  throw new DataError(
    `preferences: expected as many completions in every example, ${count} as in the first, got ` +
      `${groups[other]?.completions.length ?? "no example"} in example ${other}. Even them out.`,
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
