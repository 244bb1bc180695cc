/**
 * Ids of many rows in little memory: 2 or 4 bytes each, in long arrays that rows are views of.
 * Prompts that are equal are held once.
 */
import { hashIds } from "../hash.ts";
import { sameIds } from "./truncate.ts";

/** Ids of one array; longer rows get an array of their own. */
const BLOCK_IDS = 2 ** 20;
/** Ids from here on need 4 bytes. */
const SMALL_IDS = 2 ** 16;

/** A view of a pool. */
export type PooledIds = Uint16Array | Int32Array;

/** Holds ids for as long as one of its views is. */
export class IdPool {
  /** Ids held, those of equal prompts once. */
  idCount = 0;
  /** Different prompts. */
  promptCount = 0;
  #block: PooledIds = new Uint16Array();
  #used = 0;
  readonly #small: boolean;
  readonly #prompts = new Map<number, PooledIds[]>();

  /** @param vocabSize all ids are below it; default 2^31 */
  constructor(vocabSize: number = 2 ** 31) {
    this.#small = vocabSize <= SMALL_IDS;
  }

  /** A copy of the ids of a prompt: the same view for equal prompts. */
  prompt(ids: ArrayLike<number>): PooledIds {
    const hash = hashIds(ids);
    const alike = this.#prompts.get(hash) ?? [];
    const known = alike.find((prompt) => sameIds(prompt, ids));
    if (known !== undefined) return known;
    const view = this.completion(ids);
    this.#prompts.set(hash, [...alike, view]);
    this.promptCount++;
    return view;
  }

  /** A copy of the ids of a completion. */
  completion(ids: ArrayLike<number>): PooledIds {
    if (this.#used + ids.length > this.#block.length) {
      const length = Math.max(BLOCK_IDS, ids.length);
      this.#block = this.#small ? new Uint16Array(length) : new Int32Array(length);
      this.#used = 0;
    }
    const view = this.#block.subarray(this.#used, this.#used + ids.length);
    view.set(ids);
    this.#used += ids.length;
    this.idCount += ids.length;
    return view;
  }
}
