/** What is trained on: groups of completions and what is known of them, by kind of objective. */

import {
  DataError,
  type TokenizedPair,
  type TokenizedRanked,
  type TokenizedUnpaired,
} from "@preflab/data";
import {
  completionsPerGroup,
  type Group,
  longestText,
  pairGroup,
  rankedGroup,
  unpairedGroups,
} from "../groups/group.ts";

/** Tokenised examples of one kind, as groups. */
export interface Preferences {
  readonly kind: "pair" | "ranked" | "unpaired";
  /** All of as many completions. */
  readonly groups: readonly Group[];
  /** Unpaired: whether each example's own completion is desirable. */
  readonly labels: readonly boolean[] | null;
}

/** Preferences from pairs. @throws DataError without any */
export function pairPreferences(pairs: readonly TokenizedPair[]): Preferences {
  return checked({ kind: "pair", groups: pairs.map(pairGroup), labels: null });
}

/** Preferences from ranked responses. @throws DataError without any, or of different numbers */
export function rankedPreferences(examples: readonly TokenizedRanked[]): Preferences {
  return checked({ kind: "ranked", groups: examples.map(rankedGroup), labels: null });
}

/**
 * Preferences from responses with a verdict.
 * @param maxLength of the training to come, see `unpairedGroups`
 * @throws DataError for fewer than two
 */
export function unpairedPreferences(
  examples: readonly TokenizedUnpaired[],
  maxLength?: number,
): Preferences {
  const labels = examples.map(({ label }) => label);
  return checked({ kind: "unpaired", groups: unpairedGroups(examples, maxLength), labels });
}

/**
 * Refuses texts that are too long: cutting them is a choice to be made where they are tokenised.
 * @throws DataError naming the first
 */
export function checkLengths({ groups }: Preferences, maxLength: number): void {
  const long = groups.findIndex((group) => longestText(group) > maxLength);
  if (long < 0) return;
  throw new DataError(
    `preferences: expected texts of at most ${maxLength} tokens, got ` +
      `${longestText(groups[long] as Group)} in example ${long}. Cut them while tokenising, or ` +
      "raise maxLength.",
  );
}

function checked(preferences: Preferences): Preferences {
  completionsPerGroup(preferences.groups);
  return preferences;
}
