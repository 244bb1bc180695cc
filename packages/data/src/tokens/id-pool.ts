/**
 * Ids of many rows in little memory: 4 bytes each, in long arrays that rows are views of. Prompts
 * that are equal are held once.
 */
import { hashIds } from "../hash.ts";
import { sameIds } from "./truncate.ts";

/** Ids of one array, 4 MiB; longer rows get an array of their own. */
const BLOCK_IDS = 2 ** 20;

/** Holds ids for as long as one of its views is. */
export class IdPool {
  /** Ids held, those of equal prompts once. */
  idCount = 0;
  /** Different prompts. */
  promptCount = 0;
  #block = new Int32Array();
  #used = 0;
  readonly #prompts = new Map<number, Int32Array[]>();

  /** A copy of the ids of a prompt: the same view for equal prompts. */
  prompt(ids: ArrayLike<number>): Int32Array {
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
  completion(ids: ArrayLike<number>): Int32Array {
    if (this.#used + ids.length > this.#block.length) {
      this.#block = new Int32Array(Math.max(BLOCK_IDS, ids.length));
      this.#used = 0;
    }
    const view = this.#block.subarray(this.#used, this.#used + ids.length);
    view.set(ids);
    this.#used += ids.length;
    this.idCount += ids.length;
    return view;
  }
}
