/**
 * Byte-pair encoding (Sennrich et al. 2016): merge the most frequent pair of neighbouring tokens,
 * again and again. Pair counts are kept up to date rather than recounted, each pair knows the words
 * it occurs in, and a heap gives the next one, so that a merge costs what it changes.
 *
 * Of equally frequent pairs the one with the lowest left id is merged first, then the lowest right
 * id: the rule of the Rust library, which makes the result independent of the order of the words.
 */
import { PairHeap } from "./pair-heap.ts";

/** A word as ids of the initial alphabet, and how often it occurs. */
export interface CountedWord {
  readonly ids: ArrayLike<number>;
  readonly count: number;
}

/** When to stop. */
export interface MergeLimits {
  /** Tokens, the initial ones included. */
  readonly vocabSize: number;
  /** Least occurrences of a pair that is merged. */
  readonly minFrequency: number;
}

/** What was learned. */
export interface LearnedMerges {
  /** Text of each id, the initial alphabet first. */
  readonly tokens: readonly string[];
  /** In the order they were learned; each made one token. */
  readonly merges: readonly (readonly [string, string])[];
}

/** More than any vocabulary, and small enough that a pair of ids is an exact number. */
const ID_LIMIT = 2 ** 26;

/** A pair of neighbours. */
interface Pair {
  count: number;
  /** Words it occurs in or occurred in, in order of discovery. */
  readonly words: number[];
}

/**
 * Learns merges.
 *
 * @param alphabet text of the initial tokens; ids in the words are indices into it.
 */
export function learnMerges(
  words: readonly CountedWord[],
  alphabet: readonly string[],
  { vocabSize, minFrequency }: MergeLimits,
): LearnedMerges {
  const corpus = new Corpus(words);
  const heap = new PairHeap();
  for (const [key, { count }] of corpus.pairs) heap.push({ key, count });
  const tokens = [...alphabet];
  const known = new Set(tokens);
  const merges: [string, string][] = [];
  while (tokens.length < vocabSize) {
    const top = heap.pop();
    if (top === undefined || top.count < minFrequency) break;
    const count = corpus.pairs.get(top.key)?.count ?? 0;
    if (count !== top.count) {
      if (count > 0) heap.push({ key: top.key, count });
      continue;
    }
    const left = Math.floor(top.key / ID_LIMIT);
    const right = top.key % ID_LIMIT;
    const halves: [string, string] = [tokens[left] as string, tokens[right] as string];
    const merged = halves[0] + halves[1];
    // A text may spell a special token; it stays in pieces, for only the token itself has that id.
    if (known.has(merged)) continue;
    known.add(merged);
    const id = tokens.push(merged) - 1;
    merges.push(halves);
    for (const key of corpus.merge(left, right, id)) {
      heap.push({ key, count: corpus.pairs.get(key)?.count ?? 0 });
    }
  }
  return { tokens, merges };
}

/** All words in one array, and the pairs in them. */
class Corpus {
  readonly pairs = new Map<number, Pair>();
  readonly #ids: Int32Array;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  readonly #counts: Float64Array;

  constructor(words: readonly CountedWord[]) {
    const total = words.reduce((sum, { ids }) => sum + ids.length, 0);
    this.#ids = new Int32Array(total);
    this.#starts = new Int32Array(words.length);
    this.#lengths = Int32Array.from(words, ({ ids }) => ids.length);
    this.#counts = Float64Array.from(words, ({ count }) => count);
    let start = 0;
    words.forEach(({ ids, count }, word) => {
      this.#ids.set(ids, start);
      this.#starts[word] = start;
      start += ids.length;
      for (let i = 1; i < ids.length; i++) {
        this.#add(ids[i - 1] as number, ids[i] as number, count, word);
      }
    });
  }

  /** Replaces a pair everywhere. Returns the keys of pairs that have become more frequent. */
  merge(left: number, right: number, id: number): Set<number> {
    const grown = new Set<number>();
    const key = left * ID_LIMIT + right;
    const words = this.pairs.get(key)?.words ?? [];
    // Gone from every word after this, so nothing below needs to count it down.
    this.pairs.delete(key);
    for (const word of words) this.#mergeInWord(word, left, right, id, grown);
    return grown;
  }

  #mergeInWord(word: number, left: number, right: number, id: number, grown: Set<number>): void {
    const ids = this.#ids;
    const start = this.#starts[word] as number;
    const end = start + (this.#lengths[word] as number);
    const count = this.#counts[word] as number;
    let out = start;
    for (let i = start; i < end; i++) {
      if (ids[i] !== left || i + 1 === end || ids[i + 1] !== right) {
        ids[out++] = ids[i] as number;
        continue;
      }
      if (out > start) {
        const before = ids[out - 1] as number;
        this.#remove(before, left, count);
        grown.add(this.#add(before, id, count, word));
      }
      if (i + 2 < end) {
        const after = ids[i + 2] as number;
        this.#remove(right, after, count);
        grown.add(this.#add(id, after, count, word));
      }
      ids[out++] = id;
      i++;
    }
    this.#lengths[word] = out - start;
  }

  #add(left: number, right: number, count: number, word: number): number {
    const key = left * ID_LIMIT + right;
    const pair = this.pairs.get(key);
    if (pair === undefined) {
      this.pairs.set(key, { count, words: [word] });
      return key;
    }
    pair.count += count;
    if (pair.words.at(-1) !== word) pair.words.push(word);
    return key;
  }

  #remove(left: number, right: number, count: number): void {
    const pair = this.pairs.get(left * ID_LIMIT + right);
    if (pair !== undefined) pair.count -= count;
  }
}
