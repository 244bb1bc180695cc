/**
 * Reviews as token ids, kept one after the other, and the pieces of them that a language model learns
 * from. Only the first piece of a review begins with BOS, so that a model knows beginnings, which is
 * where prompts are from.
 */
import { RandomStream, shuffled } from "@preflab/lm";

/** Ids of special tokens. */
export interface Ends {
  readonly bos: number;
  /** In no review. */
  readonly eos: number;
}

/** The shortest piece that there is something to learn from. */
const LEAST = 2;

/** Reviews one after the other, EOS behind each. @throws RangeError for ids of more than 16 bits */
export function joinReviews(reviews: readonly ArrayLike<number>[], { eos }: Ends): Uint16Array {
  const joined = new Uint16Array(reviews.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const review of reviews) {
    for (const id of [...Array.from(review), eos]) {
      if (id >= 2 ** 16) throw new RangeError(`joinReviews: expected ids below 2^16, got ${id}.`);
      joined[at++] = id;
    }
  }
  return joined;
}

/** Pieces of reviews, and which of them to take. */
export interface ChunkOptions extends Ends {
  /** Most tokens of a piece, BOS and EOS included. */
  readonly length: number;
  /** Most pieces, a random choice in random order. */
  readonly count: number;
  readonly seed: number;
}

/** Pieces of joined reviews. @param joined see {@link joinReviews} */
export function chunksOf(joined: Uint16Array, options: ChunkOptions): number[][] {
  const { bos, length, count, seed } = options;
  const spans = shuffled(spansOf(joined, options), new RandomStream(seed, "imdb/chunks"));
  return spans.slice(0, count).map(({ first, isBeginning }) => {
    const room = isBeginning ? length - 1 : length;
    const end = endOf(joined, first, room, options);
    const ids = Array.from(joined.subarray(first, end));
    return isBeginning ? [bos, ...ids] : ids;
  });
}

interface Span {
  readonly first: number;
  readonly isBeginning: boolean;
}

function spansOf(joined: Uint16Array, options: ChunkOptions): Span[] {
  const spans: Span[] = [];
  let isBeginning = true;
  for (let first = 0; first < joined.length; ) {
    const end = endOf(joined, first, isBeginning ? options.length - 1 : options.length, options);
    if (end - first >= LEAST) spans.push({ first, isBeginning });
    isBeginning = joined[end - 1] === options.eos;
    first = end;
  }
  return spans;
}

/** Where a piece of at most `room` ids ends: behind EOS if that is in it. */
function endOf(joined: Uint16Array, first: number, room: number, { eos }: Ends): number {
  const end = Math.min(joined.length, first + room);
  const eosAt = joined.subarray(first, end).indexOf(eos);
  return eosAt < 0 ? end : first + eosAt + 1;
}
