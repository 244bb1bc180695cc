/**
 * Seeded random numbers from named streams. A stream is a function of its seed, its name and a
 * position, so a checkpoint stores one number to continue it, and what one stream draws never
 * depends on another.
 */

/** Multipliers and key increments of Philox4x32, Salmon et al. 2011 (doi:10.1145/2063384.2063405). */
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const INCREMENTS = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;
const WORDS = 4;

/** One stream of random numbers. */
export class RandomStream {
  /** Words drawn so far; set it to go back or ahead. */
  position = 0;
  readonly #key: readonly [number, number];
  readonly #name: readonly [number, number];
  readonly #block = new Uint32Array(WORDS);
  #blockIndex = -1;

  /**
   * @param seed integer in `[0, 2^53)`
   * @param name what the numbers are for, such as `init/embedding`
   */
  constructor(seed: number, name: string) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new Error(`RandomStream: expected an integer seed in [0, 2^53), got ${seed}.`);
    }
    this.#key = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
    this.#name = hash(name);
  }

  /** 32 random bits, as an unsigned integer. */
  uint32(): number {
    const index = Math.floor(this.position / WORDS);
    if (index !== this.#blockIndex) this.#fill(index);
    return this.#block[this.position++ % WORDS] as number;
  }

  /** A number in `[0, 1)` with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    return (high * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** Fills `target` with independent normal numbers of mean 0. @param deviation >= 0 */
  fillNormal(target: Float32Array, deviation: number): void {
    for (let i = 0; i < target.length; i += 2) {
      // Box and Muller 1958; 1 - uniform is never 0.
      const radius = deviation * Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      target[i] = radius * Math.cos(angle);
      // Writing past the end of an odd length has no effect.
      target[i + 1] = radius * Math.sin(angle);
    }
  }

  /** Computes block `index` of the stream: Philox4x32-10 of the counter (index, name). */
  #fill(index: number): void {
    let [c0, c1, c2, c3] = [index % 2 ** 32, Math.floor(index / 2 ** 32), ...this.#name];
    let [k0, k1] = this.#key;
    for (let round = 0; round < ROUNDS; round++) {
      const [m0, m1] = MULTIPLIERS;
      const [high0, high1] = [highWord(m0, c0), highWord(m1, c2)];
      const [low0, low1] = [Math.imul(m0, c0), Math.imul(m1, c2)];
      [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
      k0 = (k0 + INCREMENTS[0]) | 0;
      k1 = (k1 + INCREMENTS[1]) | 0;
    }
    this.#block.set([c0, c1, c2, c3]);
    this.#blockIndex = index;
  }
}

/** Upper 32 bits of the product of two unsigned 32-bit integers. */
function highWord(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle % 2 ** 16) + aLow * bHigh;
  return aHigh * bHigh + Math.floor(middle / 2 ** 16) + Math.floor(carry / 2 ** 16);
}

/** 64-bit FNV-1a of the UTF-8 bytes, as two words. */
function hash(text: string): [number, number] {
  let state = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(state & 0xffffffffn), Number(state >> 32n)];
}
