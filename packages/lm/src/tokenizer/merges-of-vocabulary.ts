/**
 * The merges that a vocabulary implies. SentencePiece and tiktoken store none: they merge the two
 * neighbours whose joint token ranks first, whichever way it is split. A tokenizer.json ranks
 * splits, so each token gets all of its splits, in one block.
 *
 * One thing cannot be written that way: where two splits of the same token overlap in a text, those
 * programs take the leftmost, and a merge list takes the one it ranks higher.
 */

/**
 * Merges of tokens, in the order given; of one token by the id of the left part.
 *
 * @param ranked tokens that merging may make, the one to merge first at the beginning.
 * @param ids the tokens that may be parts.
 */
export function mergesOf(
  ranked: readonly string[],
  ids: ReadonlyMap<string, number>,
): [string, string][] {
  return ranked.flatMap((token) => splitsOf(token, ids));
}

function splitsOf(token: string, ids: ReadonlyMap<string, number>): [string, string][] {
  const splits: { readonly halves: [string, string]; readonly rank: number }[] = [];
  let end = 0;
  for (const character of token) {
    end += character.length;
    const left = token.slice(0, end);
    const right = token.slice(end);
    const rank = ids.get(left);
    if (rank !== undefined && ids.has(right)) splits.push({ halves: [left, right], rank });
  }
  return splits.sort((a, b) => a.rank - b.rank).map(({ halves }) => halves);
}
