/**
 * Seeded random numbers from named streams. A stream is a function of its seed, its name and a
 * position, so a checkpoint stores one number to continue it, and what one stream draws never
 * depends on another.
 */

import { philox4x32 } from "./philox.ts";

/** Random words in one block of the generator. */
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

  #fill(index: number): void {
    const [name0, name1] = this.#name;
    const counter = [index % 2 ** 32, Math.floor(index / 2 ** 32), name0, name1] as const;
    philox4x32(counter, this.#key, this.#block);
    this.#blockIndex = index;
  }
}

/** 64-bit FNV-1a of the UTF-8 bytes, as two words. */
function hash(text: string): [number, number] {
  let state = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(state & 0xffffffffn), Number(state >> 32n)];
}
