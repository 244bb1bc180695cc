/** How often each word occurs in a corpus, words being what byte-pair merging may not cross. */

/**
 * Counts the words of texts.
 *
 * @param pattern a regular expression of tokenizer.json whose matches cover every text.
 * @throws if it uses what JavaScript writes differently, other than white space.
 */
export function countWords(texts: Iterable<string>, pattern: string): Map<string, number> {
  // JavaScript's own \s is not Unicode's.
  const expression = new RegExp(
    pattern.replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}"),
    "gu",
  );
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.match(expression) ?? []) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}
