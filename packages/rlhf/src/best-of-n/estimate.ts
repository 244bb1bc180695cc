/** Best-of-n for all n up to N from one pool of N completions. */

/**
 * Mean gold score of the best of n by proxy score, over all ways to draw n of the pool: unbiased for
 * every n up to its size. The k-th smallest of N is the best of n with probability
 * `C(k - 1, n - 1) / C(N, n)`; Nakano et al. 2021, WebGPT (arXiv:2112.09332), appendix I. Equal proxy
 * scores are decided by chance.
 * @param proxy scores that completions are chosen by, `[N]`
 * @param gold scores that are measured, `[N]`
 * @param n from 1 to N
 * @throws Error where n is out of range, counts differ or a score is NaN
 */
export function bestOfN(proxy: ArrayLike<number>, gold: ArrayLike<number>, n: number): number {
  const weights = selectionProbabilities(proxy.length, n);
  if (gold.length !== proxy.length || Array.from(proxy).some(Number.isNaN)) {
    throw new Error(
      `bestOfN: expected as many gold scores as proxy scores, none of these NaN, got ` +
        `${gold.length} for ${proxy.length}.`,
    );
  }
  const order = Array.from(proxy, (_, i) => i);
  order.sort((a, b) => (proxy[a] as number) - (proxy[b] as number));
  let mean = 0;
  for (let first = 0; first < order.length; ) {
    const score = proxy[order[first] as number];
    let last = first;
    let [weight, sum] = [0, 0];
    while (last < order.length && proxy[order[last] as number] === score) {
      weight += weights[last] as number;
      sum += gold[order[last] as number] as number;
      last++;
    }
    mean += (weight * sum) / (last - first);
    first = last;
  }
  return mean;
}

/**
 * Probability of every rank, smallest first, to be the largest of n of N. From the largest down each
 * is the one above times `(k - n) / (k - 1)`, so that no binomial coefficient is computed.
 */
function selectionProbabilities(total: number, n: number): Float64Array {
  if (!Number.isInteger(n) || n < 1 || n > total) {
    throw new Error(
      `bestOfN: expected n from 1 to the ${total} completions of the pool, got ${n}.`,
    );
  }
  const weights = new Float64Array(total);
  let weight = n / total;
  for (let rank = total; rank >= n; rank--) {
    weights[rank - 1] = weight;
    weight *= (rank - n) / (rank - 1);
  }
  return weights;
}
