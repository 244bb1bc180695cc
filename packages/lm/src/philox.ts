/**
 * The counter-based generator Philox4x32-10: a bijection of counters for every key. Salmon et al.
 * 2011, "Parallel random numbers: as easy as 1, 2, 3" (doi:10.1145/2063384.2063405), section 3.3.
 */

const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
/** Added to the key after every round. */
const INCREMENTS = [0x9e3779b9, 0xbb67ae85] as const;

/** Four words of 32 bits; the sign is of no meaning. */
export type Block = readonly [number, number, number, number];

/** The block of random words at `counter`. All words are taken modulo 2^32. */
export function philox4x32(counter: Block, key: readonly [number, number]): Block {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const [m0, m1] = MULTIPLIERS;
    const [high0, low0] = [highWord(m0, c0 >>> 0), Math.imul(m0, c0)];
    const [high1, low1] = [highWord(m1, c2 >>> 0), Math.imul(m1, c2)];
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = (k0 + INCREMENTS[0]) | 0;
    k1 = (k1 + INCREMENTS[1]) | 0;
  }
  return [c0, c1, c2, c3];
}

/** Upper 32 bits of the product of two unsigned 32-bit integers. */
function highWord(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  // The low half of `middle` by arithmetic: it may exceed 32 bits.
  return aHigh * bHigh + Math.floor(middle / 2 ** 16) + Math.floor(carry / 2 ** 16);
}
