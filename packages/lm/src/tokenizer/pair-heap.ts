/** A heap of token pairs: the most frequent first, of equally frequent ones the lowest key. */

/** A pair as it was when it was pushed. */
export interface RankedPair {
  readonly key: number;
  readonly count: number;
}

/** A binary heap. Counts that have changed since are the caller's to notice. */
export class PairHeap {
  readonly #pairs: RankedPair[] = [];

  push(pair: RankedPair): void {
    const pairs = this.#pairs;
    let hole = pairs.length;
    pairs.push(pair);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = pairs[parent] as RankedPair;
      if (!precedes(pair, above)) break;
      pairs[hole] = above;
      hole = parent;
    }
    pairs[hole] = pair;
  }

  /** Takes the first pair out; undefined when there is none. */
  pop(): RankedPair | undefined {
    const pairs = this.#pairs;
    const first = pairs[0];
    const last = pairs.pop();
    if (first === undefined || last === undefined || pairs.length === 0) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= pairs.length) break;
      const right = pairs[child + 1];
      if (right !== undefined && precedes(right, pairs[child] as RankedPair)) child++;
      const below = pairs[child] as RankedPair;
      if (!precedes(below, last)) break;
      pairs[hole] = below;
      hole = child;
    }
    pairs[hole] = last;
    return first;
  }
}

function precedes(a: RankedPair, b: RankedPair): boolean {
  return a.count > b.count || (a.count === b.count && a.key < b.key);
}
