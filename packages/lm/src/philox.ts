/**
 * The counter-based generator Philox4x32-10: a bijection of counters for every key. Salmon et al.
 * 2011, "Parallel random numbers: as easy as 1, 2, 3" (doi:10.1145/2063384.2063405), section 3.3.
 */

const ROUNDS = 10;
const [MULTIPLIER_0, MULTIPLIER_1] = [0xd2511f53, 0xcd9e8d57] as const;
/** Added to the key after every round. */
const [INCREMENT_0, INCREMENT_1] = [0x9e3779b9, 0xbb67ae85] as const;

/** Four words of 32 bits; the sign is of no meaning. */
export type Block = readonly [number, number, number, number];

/** Writes the four random words at `counter` into `target`. All words are taken modulo 2^32. */
export function philox4x32(
  [x0, x1, x2, x3]: Block,
  [key0, key1]: readonly [number, number],
  target: Uint32Array,
): void {
  // Plain variables: arrays in this loop cost four times the time.
  let [c0, c1, c2, c3] = [x0 | 0, x1 | 0, x2 | 0, x3 | 0];
  let [k0, k1] = [key0 | 0, key1 | 0];
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = highWord(c0, MULTIPLIER_0);
    const high1 = highWord(c2, MULTIPLIER_1);
    const low0 = Math.imul(c0, MULTIPLIER_0);
    c0 = high1 ^ c1 ^ k0;
    c1 = Math.imul(c2, MULTIPLIER_1);
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + INCREMENT_0) | 0;
    k1 = (k1 + INCREMENT_1) | 0;
  }
  target[0] = c0;
  target[1] = c1;
  target[2] = c2;
  target[3] = c3;
}

/** Upper 32 bits of the product of two unsigned 32-bit integers; all sums stay below 2^32. */
function highWord(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = Math.imul(aLow, bLow) >>> 16;
  const middle = (Math.imul(aHigh, bLow) >>> 0) + low;
  const carry = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}
