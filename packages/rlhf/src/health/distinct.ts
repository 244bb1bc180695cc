/** How much completions repeat themselves and each other. */

/**
 * Share of different n-grams among all n-grams of completions, in (0, 1]; 0 where no completion is
 * long enough. It falls as more completions are counted: compare batches of one size. After Li et
 * al. 2016 (arXiv:1510.03055), who divide by the number of tokens instead, the same for n = 1.
 * @param completions token ids, without the end token, which finished completions share
 * @param n tokens of an n-gram, from 1
 */
export function distinctN(completions: readonly ArrayLike<number>[], n: number): number {
  const different = new Set<string>();
  let all = 0;
  for (const completion of completions) {
    const ids = Array.from(completion);
    for (let end = n; end <= ids.length; end++) {
      different.add(ids.slice(end - n, end).join(" "));
      all++;
    }
  }
  return all === 0 ? 0 : different.size / all;
}
