/**
 * Hashes of texts and ids for splitting and for finding duplicates. Not for secrets: whoever wants
 * collisions can make them.
 */

/**
 * MurmurHash3, the 32-bit form of Austin Appleby (2011), over 16-bit units taken as words.
 *
 * @param length units
 * @param seed 32 bits
 * @returns 32 bits, unsigned
 */
function murmur3(unit: (i: number) => number, length: number, seed: number): number {
  let hash = seed;
  for (let i = 0; i < length; i++) {
    let word = Math.imul(unit(i), 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  return mix32(hash ^ length);
}

/** A one-to-one map of 32 bits that spreads every bit: the end of MurmurHash3. */
export function mix32(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 32 bits of a text. @param seed 32 bits */
export function hashText32(text: string, seed = 0): number {
  return murmur3((i) => text.charCodeAt(i), text.length, seed);
}

/** 53 bits of a text: an integer in `[0, 2^53)`. @param seed 32 bits */
export function hashText(text: string, seed = 0): number {
  return join(hashText32(text, seed), hashText32(text, mix32(seed + 1)));
}

/** 53 bits of token ids: an integer in `[0, 2^53)`. */
export function hashIds(ids: ArrayLike<number>): number {
  const unit = (i: number) => ids[i] as number;
  return join(murmur3(unit, ids.length, 0), murmur3(unit, ids.length, mix32(1)));
}

function join(high: number, low: number): number {
  return (high >>> 11) * 2 ** 32 + low;
}
